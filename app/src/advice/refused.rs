//! Explains why ZITADEL refuses this API's own credentials, with the text in ZITADEL's log for each
//! cause.

use std::error::Error;

use adapters::zitadel::{FaultDetail, SettingsSummary};

use super::Finding;

pub(super) fn client_refused(
    summary: &SettingsSummary,
    source: &dyn Error,
    detail: Option<FaultDetail>,
) -> Finding {
    let SettingsSummary { client_id, authentication, issuer, .. } = summary;
    let causes = if *authentication == "private_key_jwt" {
        format!(
            "the key is another application's or another instance's, has expired or was removed, or \
             was made a moment ago (\"invalid signature\"); the application, its project or its \
             organization is deactivated or removed (\"no rows in result set\"); {issuer} is not the \
             issuer to the letter (\"audience is not valid\"); the clock of this machine is wrong \
             (\"issuedAt of token\", \"token has expired\")"
        )
    } else {
        "the secret is another client's, or a newer one was generated (\"password does not match \
         hash\"); the client id is no application's, but an application id or a service user's name, \
         or the application, its project or its organization is deactivated or removed, or it was \
         made a moment ago (\"no rows in result set\"); the client has no secret, for it is a public \
         one, or authenticates by a key, which belongs into zitadel.key_file (\"client has no \
         configured secret\")"
            .to_owned()
    };
    // ZITADEL answers `unauthorized_client` for credentials that it can read but does not accept.
    let unreadable = if detail == Some(FaultDetail::InvalidClient) {
        "ZITADEL cannot read the credentials, for something in between drops or changes the header \
         Authorization or the body; or it does not accept them: "
    } else {
        ""
    };
    let advice = format!(
        "{unreadable}one of these; ZITADEL's own log says which, in oidc_error.parent of a line \"request error\": \
         {causes}"
    );
    Finding::new(
        "client_refused",
        format!(
            "ZITADEL refuses this API's own credentials: {source}, for client {client_id} with \
             {authentication}"
        ),
        advice,
    )
}
