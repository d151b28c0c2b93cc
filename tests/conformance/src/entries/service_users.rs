//! Tokens of service users: personal access tokens, client credentials, JWT profile.

use crate::clock::timestamp_in;
use crate::entry::Entry;
use crate::setup::{ServiceUser, Stage};
use crate::{Error, Secret};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::by("pat_with_role", |stage| {
        Box::pin(async { Ok(stage.ask(stage.users.reader.pat.reveal())) })
    }),
    Entry::by("pat_without_role", |stage| {
        Box::pin(async { Ok(stage.ask(stage.users.without_role.pat.reveal())) })
    }),
    Entry::by("pat_with_another_role", |stage| {
        Box::pin(async { Ok(stage.ask(stage.users.other_role.pat.reveal())) })
    }),
    Entry::by("pat_removed", |stage| {
        Box::pin(async {
            let (user, id, pat) = user_with_pat(stage, "removed").await?;
            stage.server.delete(&format!("/management/v1/users/{user}/pats/{id}")).await?;
            Ok(stage.ask(pat.reveal()))
        })
    }),
    Entry::by("client_credentials_before_deactivation", |stage| {
        Box::pin(credentials(stage, &stage.users.to_deactivate, "openid {aud}"))
    }),
    Entry::by("pat_of_deactivated_user", |stage| {
        Box::pin(async {
            let (user, _, pat) = user_with_pat(stage, "deactivated").await?;
            stage.server.order(&format!("users/{user}"), "_deactivate").await?;
            Ok(stage.ask(pat.reveal()))
        })
    }),
    Entry::by("client_credentials_of_deactivated_user", |stage| {
        Box::pin(async {
            let (user, token) = user_with_credentials(stage, "deactivated-cc").await?;
            stage.server.order(&format!("users/{user}"), "_deactivate").await?;
            Ok(stage.ask(token.reveal()))
        })
    }),
    Entry::by("pat_after_reactivation", |stage| {
        Box::pin(async {
            let (user, _, pat) = user_with_pat(stage, "reactivated").await?;
            stage.server.order(&format!("users/{user}"), "_deactivate").await?;
            stage.server.order(&format!("users/{user}"), "_reactivate").await?;
            Ok(stage.ask(pat.reveal()))
        })
    }),
    Entry::by("client_credentials_after_reactivation", |stage| {
        Box::pin(async {
            let (user, token) = user_with_credentials(stage, "reactivated-cc").await?;
            stage.server.order(&format!("users/{user}"), "_deactivate").await?;
            stage.server.order(&format!("users/{user}"), "_reactivate").await?;
            Ok(stage.ask(token.reveal()))
        })
    }),
    Entry::by("pat_of_locked_user", |stage| {
        Box::pin(async {
            let (user, _, pat) = user_with_pat(stage, "locked").await?;
            stage.server.order(&format!("users/{user}"), "_lock").await?;
            Ok(stage.ask(pat.reveal()))
        })
    }),
    Entry::by("client_credentials_opaque_with_audience_scope_and_role", |stage| {
        Box::pin(credentials(stage, &stage.users.reader, "openid {aud}"))
    }),
    Entry::by("client_credentials_opaque_without_audience_scope", |stage| {
        Box::pin(credentials(stage, &stage.users.reader, "openid"))
    }),
    Entry::by("client_credentials_profile_resourceowner_metadata", |stage| {
        let scope = "openid profile email {aud} urn:zitadel:iam:user:resourceowner urn:zitadel:iam:user:metadata";
        Box::pin(credentials(stage, &stage.users.reader, scope))
    }),
    Entry::by("client_credentials_opaque_without_role", |stage| {
        Box::pin(credentials(stage, &stage.users.without_role, "openid {aud}"))
    }),
    Entry::by("client_credentials_jwt_with_audience_scope_and_role", |stage| {
        Box::pin(credentials(stage, &stage.users.with_jwt, "openid {aud}"))
    }),
    Entry::by("client_credentials_jwt_without_audience_scope", |stage| {
        Box::pin(credentials(stage, &stage.users.with_jwt, "openid"))
    }),
    Entry::by("client_credentials_role_scope_of_another_role", |stage| {
        let scope = "openid {aud} urn:zitadel:iam:org:project:role:other:role";
        Box::pin(credentials(stage, &stage.users.reader, scope))
    }),
    Entry::by("client_credentials_roles_of_another_organization_only", |stage| {
        let scope = "openid {aud} urn:zitadel:iam:org:roles:id:340000000000000201";
        Box::pin(credentials(stage, &stage.users.reader, scope))
    }),
    Entry::by("client_credentials_without_openid", |stage| {
        Box::pin(credentials(stage, &stage.users.reader, "{aud}"))
    }),
    Entry::by("jwt_profile_opaque_with_audience_scope", |stage| {
        Box::pin(async {
            let claims = crate::assertion::claims(&stage.users.reader.id, stage.server.issuer());
            let assertion = stage.reader_key.sign(&claims)?;
            let scope = scope(stage, "openid {aud}");
            Ok(stage.ask(stage.server.jwt_profile(&assertion, &scope).await?.reveal()))
        })
    }),
    Entry::by("client_credentials_of_two_projects", |stage| {
        let scope = "openid {aud} {other aud} urn:zitadel:iam:org:projects:roles";
        Box::pin(credentials(stage, &stage.users.reader, scope))
    }),
];

/// Inserts our projects' audience scopes.
fn scope(stage: &Stage<'_>, scope: &str) -> String {
    let audience = |project: &str| format!("urn:zitadel:iam:org:project:id:{project}:aud");
    let scope = scope.replace("{aud}", &audience(&stage.project));
    let scope = scope.replace("{other aud}", &audience(&stage.other_project));
    stage.names.live(&scope)
}

async fn credentials(
    stage: &Stage<'_>,
    user: &ServiceUser,
    template: &str,
) -> Result<crate::exchange::Request, Error> {
    let scope = scope(stage, template);
    Ok(stage.ask(stage.server.client_credentials(&user.credentials, &scope).await?.reveal()))
}

/// Adds a service user; returns user id, token id and the active token.
async fn user_with_pat(stage: &Stage<'_>, name: &str) -> Result<(String, String, Secret), Error> {
    let user = stage.server.add_service_user(&stage.prefix.name(name), false).await?;
    let expires_at = timestamp_in(std::time::Duration::from_hours(24));
    let (id, pat) = stage.server.add_pat(&user, &expires_at).await?;
    stage.server.active(&stage.ask(pat.reveal())).await?;
    Ok((user, id, pat))
}

/// Adds a service user; returns its id and an active token.
async fn user_with_credentials(stage: &Stage<'_>, name: &str) -> Result<(String, Secret), Error> {
    let user = stage.server.add_service_user(&stage.prefix.name(name), false).await?;
    let credentials = stage.server.add_user_secret(&user).await?;
    let scope = scope(stage, "openid {aud}");
    let token = stage.server.client_credentials(&credentials, &scope).await?;
    stage.server.active(&stage.ask(token.reveal())).await?;
    Ok((user, token))
}
