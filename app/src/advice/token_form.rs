//! Describes the form of an access token without revealing the token.

use std::time::{Duration, SystemTime};

use adapters::zitadel::{TokenForm, UnverifiedJwt};
use domain::AccessToken;

use super::{characters, listed, shown};

/// Describes the form of `token` in words that fit after "the token is", such as "opaque, of 104
/// characters". They repeat nothing of an opaque token, and of a JWT only header fields and claims
/// from which nobody can rebuild the token.
pub(crate) fn describe(token: &AccessToken<'_>, now: SystemTime) -> String {
    let length = characters(token.expose_secret().len());
    match TokenForm::read(token) {
        TokenForm::PersonalAccessToken => {
            format!("opaque, of {length}, as ZITADEL's personal access tokens are")
        }
        TokenForm::Opaque
        | TokenForm::BetweenLengths
        | TokenForm::Short
        | TokenForm::NoBase64url
        | TokenForm::OfOtherCharacters => format!("opaque, of {length}"),
        TokenForm::ClientSecret => {
            format!("{length}, letters and digits, as ZITADEL's client secrets are")
        }
        TokenForm::BrokenJwt => {
            format!("of {length}, begins as a JWT does, and cannot be read as one")
        }
        TokenForm::NewerOpaque { .. } => {
            format!("opaque, of {length}, in the form of newer versions of ZITADEL (JWE)")
        }
        TokenForm::Encrypted => format!("an encrypted JWT (JWE) of {length}"),
        TokenForm::Jwt(jwt) => format!("a JWT of {length}, which says {}", said(&jwt, now)),
    }
}

/// Lists header fields and claims of a JWT, such as `(unverified) alg "RS256", kid none, …`.
fn said(jwt: &UnverifiedJwt, now: SystemTime) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), shown);
    let expires_at = jwt.expires_at.map_or_else(|| "none".to_owned(), |exp| instant(exp, now));
    let session = jwt.session.as_deref().map(shown);
    format!(
        "(unverified) alg {}, kid {}, iss {}, aud [{}], exp {expires_at}{}",
        text(&jwt.algorithm),
        text(&jwt.key_id),
        text(&jwt.issuer),
        listed(jwt.audience.iter().map(String::as_str)),
        session.map_or_else(String::new, |id| format!(", OIDC session {id}")),
    )
}

/// Formats `time`, which must be before the year 10000, with its distance from `now`, such as
/// `2026-01-31T12:00:00Z, 5m ago`.
pub(super) fn instant(time: SystemTime, now: SystemTime) -> String {
    let distance = |distance: Duration| {
        humantime::format_duration(Duration::from_secs(distance.as_secs())).to_string()
    };
    let shown = humantime::format_rfc3339_seconds(time);
    match now.duration_since(time) {
        Ok(past) => format!("{shown}, {} ago", distance(past)),
        Err(ahead) => format!("{shown}, in {}", distance(ahead.duration())),
    }
}
