//! Test that replays every response recorded from a real ZITADEL, and checks its translation.

use std::time::{Duration, SystemTime};

use adapters::zitadel::{ClientCredentials, ZitadelIntrospector, ZitadelSettings};
use domain::{AccessToken, ActiveToken, Introspection, IntrospectionError};
use observed::{Case, Replay};
use serde_json::{Value, json};

use crate::{ask, setup::PATIENT};

#[tokio::test]
async fn every_observed_answer_is_what_stands_beside_it() {
    let cases = observed::introspection();
    let discovery = cases.iter().find(|case| case.name == "discovery").unwrap();
    let mut others = Vec::new();
    for case in &cases {
        let made = made_of(case, discovery).await;
        if made != case.expected {
            others.push(format!("{}: {made} and not {}", case.name, case.expected));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
    assert_eq!(cases.len(), 168);
}

/// Introspects at a server that replays the recorded response `case`. Returns the result in the
/// form of `Case::expected`.
async fn made_of(case: &Case, discovery: &Case) -> Value {
    let is_of_discovery = case.name.starts_with("discovery");
    let replay = Replay::start(if is_of_discovery { case } else { discovery }, case).unwrap();
    let credentials = ClientCredentials::client_secret("340000000000000010", "top-secret").unwrap();
    let introspector = ZitadelIntrospector::new(ZitadelSettings {
        project_id: Some("340000000000000001".to_owned()),
        connect_to: Some(replay.origin().parse().unwrap()),
        timeout: if case.status.is_some() { PATIENT } else { Duration::from_millis(100) },
        ..ZitadelSettings::new("http://localhost:8080".parse().unwrap(), credentials)
    })
    .unwrap();
    match ask(&introspector, &AccessToken::parse("a-token").unwrap()).await {
        Ok(Introspection::Inactive) => json!({ "verdict": "inactive" }),
        Ok(Introspection::Active(token)) => active(&token),
        // The metadata was understood, and replayed as the introspection response too.
        Err(IntrospectionError::Malformed { .. }) if is_of_discovery => {
            json!({ "outcome": "discovered" })
        }
        Err(fault) => json!({ "fault": fault.reason() }),
    }
}

fn active(token: &ActiveToken) -> Value {
    let principal = &*token.principal;
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let roles = principal.roles.iter().map(|grant| {
        let mut by: Vec<_> = grant.organizations().iter().map(|by| by.id.as_str()).collect();
        by.sort_unstable();
        (grant.role().as_str(), by)
    });
    let mut made = json!({
        "verdict": "active",
        "subject": principal.subject.as_ref().map(domain::Subject::as_str),
        "client_id": principal.client_id.as_ref().map(domain::ClientId::as_str),
        "username": principal.username.as_ref().map(domain::Username::as_str),
        "organization": principal.organization.as_ref().map(domain::OrganizationId::as_str),
        "roles": roles.collect::<std::collections::BTreeMap<_, _>>(),
        "audience": principal.audience.iter().map(domain::Audience::as_str).collect::<Vec<_>>(),
        "scope": principal.scope.iter().map(domain::ScopeToken::as_str).collect::<Vec<_>>(),
        "token_id": token.id.as_ref().map(domain::TokenId::as_str),
        "issued_by": principal.issuer.as_ref().map(domain::Issuer::as_str),
        "expires_at": token.expires_at.map(seconds),
        "not_before": token.not_before.map(seconds),
    });
    made.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    made
}
