//! Tests of `app explain` for a service, such as an MCP server, with further rules for its parts.

use std::{collections::BTreeMap, convert::Infallible};

use app::{Config, Routes, explain, require};
use axum::{body::Body, extract::Request, response::Response};
use domain::{
    Policy, Role, Rule,
    rules::{ReadMessages, SignedIn},
};

struct DeleteMessages;

impl Rule for DeleteMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("delete:messages"));
}

async fn tools(_: Request) -> Result<Response, Infallible> {
    Ok(Response::new(Body::empty()))
}

#[tokio::test]
async fn each_rule_within_a_service_is_explained_by_itself() {
    let service = require::<SignedIn>(tower::service_fn(tools));
    let service = service.with::<(ReadMessages, DeleteMessages)>();
    let routes: Routes = Routes::default().service("/mcp", service);
    let environment = BTreeMap::from([("APP_INTROSPECTOR".to_owned(), "fake".to_owned())]);
    let config = Config::read(environment, tempfile::tempdir().unwrap().path()).unwrap();
    let explained = explain(config, routes.table(), "dev-reader").await.unwrap();
    let expected = "  open  ANY    /mcp                         an active verdict\n\
                    \x20 open         within it: the role read:messages\n\
                    \x20 shut         within it: the role delete:messages\n";
    assert!(explained.text().contains(expected), "{}", explained.text());
    let within = &explained.json()["routes"][0]["within"];
    assert_eq!(within[0]["open"], true);
    assert_eq!(within[1]["rule"], "the role delete:messages");
    assert_eq!(within[1]["reason"], "policy_not_met");
}
