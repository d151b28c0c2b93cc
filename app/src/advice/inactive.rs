//! Explains why ZITADEL may call a token inactive. ZITADEL gives no reason; the claims of a JWT, or
//! the form and length of an opaque token, point to the cause.

use std::time::SystemTime;

use adapters::zitadel::{DamagedSignature, SettingsSummary, TokenForm, UnverifiedJwt};
use domain::{AccessToken, Issuer};

use super::{Certainty, LikelyCause, characters, listed, project, shown, token_form::instant};
use Certainty::{Certain, Likely, Possible};

/// Value of the field `err` in ZITADEL's log for a text that ZITADEL cannot read as a token.
const NO_TOKEN: &str = "token contains an invalid number of segments";
/// Part of the field `err` in ZITADEL's log for a token that ZITADEL can read, but does not find.
const NOT_FOUND: &str = "EVENT-4T90g";

/// Returns possible causes of an inactive verdict on `token`, most likely first.
pub(crate) fn causes(
    summary: &SettingsSummary,
    token: &AccessToken<'_>,
    now: SystemTime,
) -> Vec<LikelyCause> {
    let length = token.expose_secret().len();
    let mut causes = match TokenForm::read(token) {
        TokenForm::Jwt(jwt) => of_jwt(summary, &jwt, now),
        TokenForm::BrokenJwt => vec![Likely.of(
            "cut_off",
            "a part of it is missing or was changed when it was copied: copy the whole token",
        )],
        TokenForm::Short => vec![
            Likely
                .of(
                    "cut_off",
                    "it is shorter than any access token of ZITADEL: a part of it is missing, or it \
                     is something else",
                )
                .logged_as(NO_TOKEN),
        ],
        TokenForm::NoBase64url => vec![
            Certain
                .of(
                    "cut_off",
                    format!(
                        "no token of ZITADEL has {}, for no base64url text has: one is missing or \
                         was added when it was copied; copy the whole token",
                        characters(length)
                    ),
                )
                .logged_as(NO_TOKEN),
        ],
        TokenForm::OfOtherCharacters => vec![
            Likely
                .of(
                    "not_of_this_instance",
                    "it has characters that ZITADEL's opaque tokens do not have: it is of another \
                     authorization server, or something was added when it was copied",
                )
                .logged_as(NO_TOKEN),
        ],
        TokenForm::ClientSecret => vec![
            Likely
                .of(
                    "client_secret",
                    "it is a client secret, by its 64 letters and digits: a client authenticates \
                     with it at the token endpoint; send the access token that comes back",
                )
                .logged_as(NO_TOKEN),
        ],
        TokenForm::Encrypted => vec![Likely.of(
            "not_of_this_instance",
            "it is a JWE by other algorithms than those of ZITADEL's opaque tokens (A256GCMKW, \
             A256GCM): it is of another authorization server",
        )],
        TokenForm::NewerOpaque { is_damaged: true } => vec![Certain.of(
            "cut_off",
            "a part of it does not have the length that its algorithms make: something is missing or \
             was added when it was copied; copy the whole token",
        )],
        TokenForm::NewerOpaque { is_damaged: false } => {
            of_opaque(summary, ", unless it is a personal access token")
        }
        TokenForm::PersonalAccessToken => of_personal_access_token(),
        TokenForm::BetweenLengths => {
            let mut causes = vec![between_lengths(length)];
            causes.extend(of_personal_access_token());
            causes
        }
        TokenForm::Opaque => of_opaque(summary, ""),
    };
    if causes.iter().all(|cause| cause.certainty != Certain) {
        causes.push(Possible.of(
            "fault_of_zitadel",
            "ZITADEL answers the same for faults of its own: by a database error every token is \
             inactive, or every one of a kind; by an Action that fails, those of the users of its \
             organization",
        ));
    }
    causes.sort_by_key(|cause| cause.certainty);
    causes
}

/// Returns the cause for an opaque token whose `length` fits neither a personal access token nor a
/// session token: the token was probably damaged.
fn between_lengths(length: usize) -> LikelyCause {
    let usual = TokenForm::PERSONAL_ACCESS_TOKEN_LENGTH;
    let difference = if length < usual {
        format!("{} shorter", characters(usual - length))
    } else {
        format!("{} longer", characters(length - usual))
    };
    Likely
        .of(
            "cut_off",
            format!(
                "it is {difference} than a personal access token, and too short for the token of a \
                 session: copy the whole token; only if an operator chose the id of its user, it may \
                 be whole"
            ),
        )
        .logged_as(NOT_FOUND)
}

fn of_jwt(summary: &SettingsSummary, jwt: &UnverifiedJwt, now: SystemTime) -> Vec<LikelyCause> {
    let mut causes = Vec::new();
    if let Some(expires_at) = jwt.expires_at.filter(|expires_at| now >= *expires_at) {
        let expired = instant(expires_at, now);
        causes.push(Certain.of("expired", format!("it expired at {expired}: get a new one")));
    }
    if let Some(DamagedSignature { length, right }) = jwt.damaged {
        let right: Vec<_> = right.iter().map(ToString::to_string).collect();
        let (length, right) = (characters(length), right.join(" or "));
        causes.push(Likely.of(
            "cut_off",
            format!(
                "its signature has {length}, and its algorithm makes {right}: a part is missing or was \
                 added when it was copied; copy the whole token"
            ),
        ));
    }
    if jwt.issuer.is_some() && jwt.issuer == jwt.subject {
        causes.push(Certain.of(
            "assertion",
            "its issuer is its own subject: it is an assertion, by which a token is asked for; send \
             it to the token endpoint, and the access token that comes back to this API",
        ));
        return causes;
    }
    let another_issuer = issuer(summary, jwt);
    let is_of_zitadel = another_issuer.is_none();
    causes.extend(another_issuer);
    // Other issuers' access tokens may have these claims. The audience of an id token is not
    // checked.
    if is_of_zitadel && !jwt.of_id_tokens.is_empty() {
        let names = jwt.of_id_tokens.join(", ");
        causes.push(Likely.of(
            "id_token",
            format!(
                "it is an id token, by its claims {names}, which access tokens do not have: send \
                 the access token of the same answer instead"
            ),
        ).logged_as(NOT_FOUND));
    } else {
        causes.extend(audience(summary, jwt));
    }
    if causes.is_empty() {
        causes.extend(of_session());
        causes.push(
            Possible.of(
                "forged",
                "its signature is none of this instance's, or its content was changed",
            ),
        );
    }
    causes
}

fn issuer(summary: &SettingsSummary, jwt: &UnverifiedJwt) -> Option<LikelyCause> {
    let expected = &summary.issuer;
    match jwt.issuer.as_deref() {
        Some(found) if Issuer::parse(found).as_ref() == Ok(expected) => None,
        Some(found) => Some(Certain.of(
            "another_issuer",
            format!(
                "its issuer is {} and not {:?}: it is of another instance, or was issued through \
                 another domain of the same one; a JWT is active only through the domain that it \
                 was issued by",
                shown(found),
                expected.as_str()
            ),
        )),
        None => Some(Likely.of(
            "not_of_this_instance",
            "it names no issuer, and ZITADEL's JWTs do: it is of another authorization server",
        )),
    }
}

fn audience(summary: &SettingsSummary, jwt: &UnverifiedJwt) -> Option<LikelyCause> {
    let names = |id: &str| jwt.audience.iter().any(|audience| audience == id);
    if names(summary.client_id.as_str()) || summary.project_id.as_deref().is_some_and(names) {
        return None;
    }
    let found = listed(jwt.audience.iter().map(String::as_str));
    let scope = summary.audience_scope();
    Some(if let Some(project_id) = &summary.project_id {
        Certain.of(
            "audience",
            format!(
                "its audience is [{found}], it lacks your project {project_id}: request the scope \
                 {scope}"
            ),
        )
    } else {
        Likely.of(
            "audience",
            format!(
                "its audience is [{found}]: unless one of these is this API's project, request the \
                 scope {scope} (set zitadel.project_id, and this can say more)"
            ),
        )
    })
}

fn of_personal_access_token() -> Vec<LikelyCause> {
    vec![
        Possible
            .of("revoked", "it is a personal access token that was deleted: make a new one")
            .logged_as(NOT_FOUND),
        Possible
            .of("expired", "it is a personal access token that has expired: make a new one")
            .logged_as("EVENT-5Bm9s"),
        Possible.of("user_not_active", USER_NOT_ACTIVE).logged_as(NOT_FOUND),
        Possible.of("not_of_this_instance", NOT_OF_THIS_INSTANCE).logged_as(NO_TOKEN),
    ]
}

/// Returns possible causes why an opaque token is inactive. One cause's text says that the token's
/// audience lacks this API's project. To this clause `unless` adds an exception, such as `, unless
/// it is a personal access token`, or nothing.
fn of_opaque(summary: &SettingsSummary, unless: &str) -> Vec<LikelyCause> {
    let audience = Possible
        .of(
            "audience",
            format!(
                "its audience lacks {}{unless}: request the scope {}; client credentials, and front \
                 ends of other projects, need it",
                project(summary),
                summary.audience_scope()
            ),
        )
        .logged_as("OIDC-sdg3G");
    let expired = Possible
        .of("expired", "it has expired: get a new one")
        .logged_as("QUERY-SAF3rf, or EVENT-5Bm9s for a personal access token");
    let refresh_token = Possible
        .of(
            "refresh_token",
            "it is a refresh token, which looks the same from outside: send the access token",
        )
        .logged_as("QUERY-M2u9w");
    let not_of_this_instance =
        Possible.of("not_of_this_instance", NOT_OF_THIS_INSTANCE).logged_as(NO_TOKEN);
    [audience, expired]
        .into_iter()
        .chain(of_session())
        .chain([refresh_token, not_of_this_instance])
        .collect()
}

/// Returns the causes that make a session token inactive before it expires.
fn of_session() -> [LikelyCause; 2] {
    [
        Possible
            .of(
                "revoked",
                "it was revoked, its session was ended, or a refresh replaced it, which kills the \
                 older token at once: get a new one",
            )
            .logged_as("QUERY-M2u9w, or QUERY-IJL3H for an ended session"),
        Possible.of("user_not_active", USER_NOT_ACTIVE).logged_as("EVENT-4T90g or QUERY-IJL3H"),
    ]
}

const USER_NOT_ACTIVE: &str =
    "its user is deactivated, locked or removed; a token does not come back to life with the user";
const NOT_OF_THIS_INSTANCE: &str = "it is of another instance, or a part of it is missing or was \
                                    changed: compare it with what you got";

#[cfg(test)]
mod tests;
