//! Why ZITADEL calls a token inactive. It never says; what a JWT says of itself, and the length of
//! an opaque token, point to the cause.

use std::time::SystemTime;

use domain::AccessToken;

use super::{
    Certainty, Explainer, LikelyCause, listed, shown,
    token_form::{TokenForm, UnverifiedJwt},
};
use Certainty::{Certain, Likely, Possible};

pub(super) fn causes(
    explainer: &Explainer,
    token: &AccessToken<'_>,
    now: SystemTime,
) -> Vec<LikelyCause> {
    let mut causes = match TokenForm::read(token) {
        TokenForm::Jwt(jwt) => of_jwt(explainer, &jwt, now),
        TokenForm::BrokenJwt => vec![Likely.of(
            "cut_off",
            "a part of it is missing or was changed when it was copied: copy the whole token",
        )],
        TokenForm::Short => vec![Likely.of(
            "cut_off",
            "it is shorter than any access token of ZITADEL: a part of it is missing, or it is \
             something else",
        )],
        TokenForm::OfOtherCharacters => vec![Likely.of(
            "not_of_this_instance",
            "it has characters that ZITADEL's opaque tokens do not have: it is of another \
             authorization server, or something was added when it was copied",
        )],
        TokenForm::Encrypted => vec![Likely.of(
            "not_of_this_instance",
            "ZITADEL makes no encrypted JWTs: the token is of another authorization server",
        )],
        TokenForm::Opaque { like_a_personal_access_token: true } => of_personal_access_token(),
        TokenForm::Opaque { .. } => of_opaque(explainer),
    };
    causes.push(Possible.of(
        "fault_of_zitadel",
        "ZITADEL answers the same for faults of its own, such as a database or an Action that \
         fails: if every token is inactive, look into its log",
    ));
    causes
}

fn of_jwt(explainer: &Explainer, jwt: &UnverifiedJwt, now: SystemTime) -> Vec<LikelyCause> {
    let mut causes = Vec::new();
    if let Some(expires_at) = jwt.expires_at.filter(|expires_at| expires_at.has_come(now)) {
        let expired = expires_at.describe(now);
        causes.push(Certain.of("expired", format!("it expired at {expired}: get a new one")));
    }
    if jwt.is_cut_off {
        causes.push(Likely.of(
            "cut_off",
            "its signature is too short: the end of it is missing, copy the whole token",
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
    let another_issuer = issuer(explainer, jwt);
    let is_of_zitadel = another_issuer.is_none();
    causes.extend(another_issuer);
    // Access tokens of others may have these claims, and an id token's audience is another matter.
    if is_of_zitadel && !jwt.of_id_tokens.is_empty() {
        let names = jwt.of_id_tokens.join(", ");
        causes.push(Likely.of(
            "id_token",
            format!(
                "it is an id token, by its claims {names}, which access tokens do not have: send \
                 the access token of the same answer instead"
            ),
        ));
    } else {
        causes.extend(audience(explainer, jwt));
    }
    if causes.is_empty() {
        causes.push(Likely.of("revoked", REVOKED));
        causes.push(Likely.of("user_not_active", USER_NOT_ACTIVE));
        causes.push(
            Possible.of(
                "forged",
                "its signature is none of this instance's, or its content was changed",
            ),
        );
    }
    causes
}

fn issuer(explainer: &Explainer, jwt: &UnverifiedJwt) -> Option<LikelyCause> {
    let expected = &explainer.issuer;
    match jwt.issuer.as_deref() {
        Some(found) if domain::Issuer::parse(found).as_ref() == Ok(expected) => None,
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

fn audience(explainer: &Explainer, jwt: &UnverifiedJwt) -> Option<LikelyCause> {
    let names = |id: &str| jwt.audience.iter().any(|audience| audience == id);
    if names(explainer.client_id.as_str()) || explainer.project_id.as_deref().is_some_and(names) {
        return None;
    }
    let found = listed(jwt.audience.iter().map(String::as_str));
    let scope = explainer.audience_scope();
    Some(if let Some(project_id) = &explainer.project_id {
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
        Likely.of(
            "revoked",
            "by its length it is a personal access token: it was deleted or has expired; make a \
             new one",
        ),
        Likely.of("user_not_active", USER_NOT_ACTIVE),
        Possible.of("not_of_this_instance", NOT_OF_THIS_INSTANCE),
    ]
}

fn of_opaque(explainer: &Explainer) -> Vec<LikelyCause> {
    vec![
        Likely.of(
            "audience",
            format!(
                "its audience lacks {}: request the scope {}; client credentials, and front ends \
                 of other projects, need it",
                explainer.project(),
                explainer.audience_scope()
            ),
        ),
        Likely.of("expired", "it has expired: get a new one"),
        Likely.of("revoked", REVOKED),
        Possible.of("user_not_active", USER_NOT_ACTIVE),
        Possible.of(
            "refresh_token",
            "it is a refresh token, which looks the same from outside: send the access token",
        ),
        Possible.of("not_of_this_instance", NOT_OF_THIS_INSTANCE),
    ]
}

const REVOKED: &str = "it was revoked, its session was ended, or a refresh replaced it, which kills \
                       the older token at once: get a new one";
const USER_NOT_ACTIVE: &str =
    "its user is deactivated, locked or removed; a token does not come back to life with the user";
const NOT_OF_THIS_INSTANCE: &str =
    "it is of another instance, or a part of it is missing: compare its length where you got it";

#[cfg(test)]
mod tests;
