//! Tests of the section `[resource]`: the settings it needs, and the scopes that clients must
//! request.

use super::*;

const PROJECT: (&str, &str) = ("APP_ZITADEL__PROJECT_ID", "340000000000000001");

fn with(variables: &[(&str, &str)]) -> Setup {
    variables.iter().fold(Setup::zitadel(), |setup, (name, value)| setup.variable(name, value))
}

fn with_url(url: &str) -> Setup {
    with(&[PROJECT, ("APP_RESOURCE__URL", url)])
}

#[test]
fn a_resource_asks_for_the_scopes_that_project_claims_and_organizations_need() {
    let config = with_url("https://api.example.com/mcp")
        .variable("APP_RESOURCE__NAME", "Messages")
        .variable("APP_RESOURCE__DOCUMENTATION", "https://docs.example.com/mcp")
        .variable("APP_AUTH__ORGANIZATIONS", "340000000000000200")
        .variable("APP_ZITADEL__CLAIMS", "email")
        .read()
        .unwrap();
    let resource = config.resource.unwrap();
    assert_eq!(resource.url(), "https://api.example.com/mcp");
    let scopes: Vec<_> = resource.scopes_of_everybody().iter().map(ToString::to_string).collect();
    let expected = [
        "openid",
        "urn:zitadel:iam:org:project:id:340000000000000001:aud",
        "urn:zitadel:iam:user:resourceowner",
        "email",
    ];
    assert_eq!(scopes, expected);
}

#[test]
fn a_missing_role_begins_no_login_unless_it_is_asked_for() {
    let status = |setup: Setup| setup.read().unwrap().auth.missing_role_status;
    let setting = "APP_AUTH__MISSING_ROLE_STATUS";
    let url = "http://localhost:5000/mcp";
    assert_eq!(status(with(&[PROJECT])), MissingRoleStatus::Unauthorized);
    assert_eq!(status(with_url(url)), MissingRoleStatus::Forbidden);
    assert_eq!(status(with_url(url).variable(setting, "401")), MissingRoleStatus::Unauthorized);
}

#[test]
fn a_resource_that_cannot_be_says_why() {
    for (setup, expected) in [
        (with(&[("APP_RESOURCE__URL", "https://api.example.com")]), "zitadel.project_id"),
        (
            with_url("http://api.example.com/mcp"),
            "neither an https URL nor an http URL on loopback",
        ),
        (with_url("https://api.example.com/mcp?a"), "a query or a fragment"),
        (with_url("api.example.com"), "no absolute URL"),
        (with(&[PROJECT, ("APP_RESOURCE__NAME", "Messages")]), "without resource.url"),
        (
            with_url("https://api.example.com").variable("APP_AUTH__REALM", "scope=a"),
            "clients would take these for fields",
        ),
        (
            with_url("https://api.example.com").variable("APP_RESOURCE__DOCUMENTATION", "a page"),
            "no URL of a page",
        ),
        (
            with(&[("APP_ZITADEL__PROJECT_ID", "a b"), ("APP_RESOURCE__URL", "https://a.test")]),
            "scope token",
        ),
    ] {
        let error = setup.read().unwrap_err().to_string();
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
    }
}

#[test]
fn pages_of_the_resource_and_of_the_list_may_call_each_with_its_port() {
    let config = with_url("https://api.example.com/mcp")
        .variable("APP_CORS__ALLOWED_ORIGINS", "https://app.example.com,http://localhost:3000");
    let origins = config.read().unwrap().page_origins();
    let expected =
        ["https://api.example.com:443", "https://app.example.com:443", "http://localhost:3000"];
    assert_eq!(origins, expected);
}
