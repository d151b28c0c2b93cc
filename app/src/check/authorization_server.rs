//! Steps of `app check` that show whether clients that know only this API's URL can log people in
//! at ZITADEL.

use adapters::zitadel::{
    AuthorizationServerMetadata, PublishedMetadata, SettingsSummary, ZitadelIntrospector,
};
use url::Url;

use super::step::CheckStep;
use crate::advice::{Finding, fault, project};

const METADATA: &str = "metadata";
const RFC_8414: &str = "rfc8414";
const PKCE: &str = "pkce";
const PUBLIC_CLIENTS: &str = "public_clients";
const REGISTRATION: &str = "registration";
const AUDIENCE_SCOPE: &str = "audience_scope";

/// Reads ZITADEL's metadata as clients do. Returns a step for each part of the metadata that
/// clients need, such as PKCE, and one about the scope that puts this API's project into a token's
/// audience: without it the token is inactive here.
pub(super) async fn steps(
    introspector: &ZitadelIntrospector,
    summary: &SettingsSummary,
) -> Vec<CheckStep> {
    let PublishedMetadata { url, found } = introspector.openid_metadata().await;
    let metadata = match found {
        Ok(Some(metadata)) => metadata,
        Ok(None) => return vec![CheckStep::failed(METADATA, no_metadata(&url))],
        Err(fault) => return vec![CheckStep::failed(METADATA, fault::finding(summary, &fault))],
    };
    vec![
        CheckStep::ok(METADATA, format!("clients find them at {url}")),
        rfc_8414_step(introspector.rfc_8414_metadata().await, summary),
        pkce_step(&metadata),
        public_clients_step(&metadata),
        registration_step(&metadata, summary),
        audience_scope_step(summary),
    ]
}

fn no_metadata(url: &Url) -> Finding {
    Finding::new(
        "unexpected_status",
        format!("{url} is 404"),
        "clients find no authorization server there: check zitadel.domain, and the proxy in \
         front of ZITADEL",
    )
}

fn rfc_8414_step(
    PublishedMetadata { url, found }: PublishedMetadata,
    summary: &SettingsSummary,
) -> CheckStep {
    let found = match found {
        Ok(None) => {
            let found = format!("{url} is 404: clients fall back to OpenID Connect Discovery");
            return CheckStep::ok(RFC_8414, found);
        }
        Ok(Some(metadata)) if metadata.is_of(&summary.issuer) => {
            return CheckStep::ok(RFC_8414, format!("clients find the metadata at {url}, too"));
        }
        Ok(Some(_)) => format!("the metadata at {url} name another issuer"),
        Err(fault) => format!("{url}: {}", fault::finding(summary, &fault).found),
    };
    let advice = "a client that asks there first may stop: let this path be answered like that of \
                  OpenID Connect Discovery, or with 404";
    CheckStep::warning(RFC_8414, Finding::new("rfc8414_unusable", found, advice))
}

fn pkce_step(metadata: &AuthorizationServerMetadata) -> CheckStep {
    if metadata.code_challenge_methods_supported.iter().any(|method| method == "S256") {
        return CheckStep::ok(PKCE, "S256 is announced");
    }
    let finding = Finding::new(
        "pkce_missing",
        "the metadata lack S256 in code_challenge_methods_supported",
        "MCP clients go no further without it, and each ZITADEL announces it: find out what \
         answers there",
    );
    CheckStep::failed(PKCE, finding)
}

fn public_clients_step(metadata: &AuthorizationServerMetadata) -> CheckStep {
    if metadata.token_endpoint_auth_methods_supported.iter().any(|method| method == "none") {
        return CheckStep::ok(PUBLIC_CLIENTS, "clients without a secret get tokens");
    }
    let finding = Finding::new(
        "public_clients_refused",
        "the metadata lack none in token_endpoint_auth_methods_supported",
        "a native application has no secret, and gets no token: give clients an application \
         with a secret",
    );
    CheckStep::warning(PUBLIC_CLIENTS, finding)
}

fn registration_step(
    metadata: &AuthorizationServerMetadata,
    summary: &SettingsSummary,
) -> CheckStep {
    let by_document = metadata.client_id_metadata_document_supported;
    match &metadata.registration_endpoint {
        Some(_) if by_document => CheckStep::ok(
            REGISTRATION,
            "clients register by themselves, or are known by a document about them",
        ),
        Some(_) => CheckStep::ok(REGISTRATION, "clients register by themselves"),
        None if by_document => CheckStep::ok(
            REGISTRATION,
            "clients are known by a document about them (client_id_metadata_document_supported)",
        ),
        None => CheckStep {
            advice: Some(format!(
                "pre-register a native application and give its client id to the client: setup --mcp \
                 makes one; or in ZITADEL's console, in {}, a new application of the type Native with \
                 the redirect URIs http://localhost/callback and http://localhost/oauth/callback, then \
                 the grant type Refresh Token",
                project(summary)
            )),
            ..CheckStep::ok(
                REGISTRATION,
                "no client registers by itself: each has to be given a client id",
            )
        },
    }
}

fn audience_scope_step(summary: &SettingsSummary) -> CheckStep {
    if summary.project_id.is_some() {
        let scope = summary.audience_scope();
        let found = format!("clients must ask for {scope}: each challenge of this API names it");
        return CheckStep::ok(AUDIENCE_SCOPE, found);
    }
    let finding = Finding::new(
        "project_id_missing",
        "no challenge can name the scope that brings this API's project",
        "set zitadel.project_id: a token without that scope is inactive here",
    );
    CheckStep::failed(AUDIENCE_SCOPE, finding)
}

#[cfg(test)]
mod tests {
    use super::{super::step::StepOutcome, *};
    use crate::advice::tests::summary;

    #[test]
    fn without_the_project_no_client_knows_what_to_ask_for() {
        assert_eq!(audience_scope_step(&summary(None)).outcome, StepOutcome::Failed);
        let step = audience_scope_step(&summary(Some("340000000000000001")));
        assert_eq!(step.outcome, StepOutcome::Ok);
        assert!(step.found.contains("urn:zitadel:iam:org:project:id:340000000000000001:aud"));
    }
}
