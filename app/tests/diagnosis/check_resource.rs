//! Tests of `app check` with `resource.url`: ZITADEL's support for clients that log people in by
//! themselves, and the responses of this API at that URL.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use http::StatusCode;
use serde_json::{Value, json};
use zitadel_double::{Answer, Fault, MetadataVariant, Times, ZitadelDouble};

use crate::{
    check::{CHECK, fails, step},
    run::{Ended, Environment, basic, command, run, said, with},
    site::{self, Site, status},
};

const RESOURCE: &str = "APP_RESOURCE__URL";
const PATH: &str = "/api/private";
const METADATA_PATH: &str = "/.well-known/oauth-protected-resource/api/private";
const JSON: &str = "Content-Type: application/json";

/// Starts a double whose OAuth metadata have these variants, such as no support for PKCE. Also
/// returns settings of the app with a `resource.url` at which no server listens.
async fn with_metadata(variants: &[MetadataVariant]) -> (ZitadelDouble, Environment) {
    let double = ZitadelDouble::builder();
    let double = variants.iter().fold(double, |double, variant| double.metadata(*variant));
    let double = double.start().await;
    let environment = with(basic(&double), RESOURCE, "http://127.0.0.1:1/mcp");
    (double, environment)
}

/// Runs `check`, and returns the step `name` of its JSON output.
fn of(environment: &Environment, name: &str) -> Value {
    let json = run(&["check", "--format", "json"], environment, "").json();
    let steps = json["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == name).cloned().unwrap_or_default()
}

#[tokio::test]
async fn what_clients_find_at_zitadel_is_said_line_by_line() {
    let (double, environment) = with_metadata(&[]).await;
    let ended = run(CHECK, &environment, "");
    insta::assert_snapshot!(said(&ended, &double));
    assert_eq!(ended.status, Some(0), "an API that does not run is worth a warning");
    assert_eq!(double.discoveries(), 2);
}

#[tokio::test]
async fn each_difference_of_the_metadata_is_told() {
    for (variant, name, outcome, reason, found) in [
        (MetadataVariant::AtRfc8414Path, "rfc8414", "ok", json!(null), "clients find the metadata"),
        (
            MetadataVariant::OfAnotherIssuerAtRfc8414Path,
            "rfc8414",
            "warning",
            json!("rfc8414_unusable"),
            "name another issuer",
        ),
        (MetadataVariant::WithoutPkce, "pkce", "failed", json!("pkce_missing"), "lack S256"),
        (
            MetadataVariant::WithoutPublicClients,
            "public_clients",
            "warning",
            json!("public_clients_refused"),
            "lack none in",
        ),
        (
            MetadataVariant::RegistrationEndpoint,
            "registration",
            "ok",
            json!(null),
            "clients register by themselves",
        ),
        (
            MetadataVariant::ClientIdMetadataDocuments,
            "registration",
            "ok",
            json!(null),
            "client_id_metadata_document_supported",
        ),
    ] {
        let (_double, environment) = with_metadata(&[variant]).await;
        let step = of(&environment, name);
        assert_eq!((&step["outcome"], &step["reason"]), (&json!(outcome), &reason), "{variant:?}");
        assert!(step["found"].as_str().unwrap().contains(found), "{variant:?} {step}");
        assert_eq!(step["advice"].is_null(), outcome == "ok", "{variant:?} {step}");
    }
}

#[tokio::test]
async fn where_zitadel_is_not_reached_its_metadata_are_not_judged_but_the_resource_is() {
    let at = with(crate::run::at(crate::check::NOBODY), RESOURCE, "http://127.0.0.1:1/mcp");
    let at = with(at, "APP_ZITADEL__PROJECT_ID", "340000000000000001");
    let ended = run(CHECK, &at, "");
    assert_eq!(ended.status, Some(1));
    assert!(!ended.stdout.contains("pkce"), "{}", ended.stdout);
    assert!(step(&ended.stdout, "resource").starts_with("warning"), "{}", ended.stdout);
}

#[tokio::test]
async fn metadata_that_clients_do_not_find_are_a_failure_though_introspection_works() {
    let (double, environment) = with_metadata(&[]).await;
    let endpoint = double.introspection_endpoint();
    let environment = with(environment, "APP_ZITADEL__INTROSPECTION_ENDPOINT", endpoint);
    let missing = Fault::Status(StatusCode::NOT_FOUND, Answer::bytes("{}"));
    for (fault, reason) in [(missing, "unexpected_status"), (Fault::LoginPage, "web_page")] {
        double.discovery_fault(fault, Times::Once);
        let json = run(&["check", "--format", "json"], &environment, "").json();
        let steps = json["steps"].as_array().unwrap();
        let metadata = steps.iter().position(|step| step["step"] == "metadata").unwrap();
        assert_eq!(steps[metadata]["outcome"], "failed", "{json}");
        assert_eq!(steps[metadata]["reason"], reason, "{json}");
        assert_eq!(steps[metadata - 1]["step"], "introspection");
        assert_eq!(steps[metadata + 1]["step"], "resource");
    }
}

#[tokio::test]
async fn a_status_of_401_for_a_missing_role_is_worth_a_warning() {
    let (_double, environment) = with_metadata(&[]).await;
    assert_eq!(of(&environment, "missing_role"), Value::Null);
    let explicit = with(environment, "APP_AUTH__MISSING_ROLE_STATUS", "401");
    let ended = run(CHECK, &explicit, "");
    assert_eq!(
        step(&ended.stdout, "missing_role"),
        "warning  missing_role   auth.missing_role_status is 401: clients take a missing role for a \
         dead token\n                        -> leave it out, or set it to 403: with 401 a missing role \
         starts a new login, which cannot cure it, or a refresh, which ends the old token"
    );
    assert_eq!(of(&explicit, "missing_role")["reason"], "missing_role_401");
    assert_eq!(ended.status, Some(0));
    let double = ZitadelDouble::start().await;
    let plain = with(basic(&double), "APP_AUTH__MISSING_ROLE_STATUS", "401");
    assert_eq!(of(&plain, "missing_role"), Value::Null);
}

/// Runs `check` against a test server in the place of this API. The server sends the response
/// `metadata` at the metadata's path, and `resource` at the path of `resource.url`. In both, and in
/// the returned output, `ORIGIN` stands for the server's origin.
async fn at_site(metadata: &str, resource: &str) -> (Ended, String, Environment, Site) {
    let site = Site::answering(|origin| {
        let own = |text: &str| text.replace("ORIGIN", origin);
        vec![(METADATA_PATH.to_owned(), own(metadata)), (PATH.to_owned(), own(resource))]
    });
    let double = ZitadelDouble::start().await;
    let environment = with(basic(&double), RESOURCE, format!("{}{PATH}", site.origin()));
    let ended = run(CHECK, &environment, "");
    let text = ended.stdout.replace(&site.origin(), "ORIGIN");
    (ended, text, environment, site)
}

/// Returns an HTTP response with the metadata of `resource`, for `at_site`, which puts the test
/// server's origin in the place of `ORIGIN`. `Content-Length` counts this origin already, as
/// `http://127.0.0.1:` and five digits.
fn metadata(resource: &str) -> String {
    let body = json!({ "resource": resource }).to_string();
    let body = body.replace("ORIGIN", "http://127.0.0.1:00000");
    site::with("200 OK", JSON, &body).replace("http://127.0.0.1:00000", "ORIGIN")
}

fn challenge(metadata: &str) -> String {
    let header =
        format!("WWW-Authenticate: Bearer realm=\"api\", resource_metadata=\"{metadata}\"");
    site::with("401 Unauthorized", &header, "")
}

fn right() -> (String, String) {
    (metadata(&format!("ORIGIN{PATH}")), challenge(&format!("ORIGIN{METADATA_PATH}")))
}

#[tokio::test]
async fn the_right_answers_are_taken_and_no_token_is_shown_for_them() {
    let (metadata, challenge) = right();
    let (ended, text, _, site) = at_site(&metadata, &challenge).await;
    assert_eq!(ended.status, Some(0), "{text}");
    assert_eq!(
        step(&text, "resource"),
        format!("ok       resource       the metadata at ORIGIN{METADATA_PATH} name ORIGIN{PATH}")
    );
    assert_eq!(
        step(&text, "challenge"),
        format!(
            "ok       challenge      ORIGIN{PATH} is answered with 401 Unauthorized without a token, and \
             with a challenge that names the metadata"
        )
    );
    let heads = site.heads();
    assert_eq!(heads.len(), 2);
    for head in heads {
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("get ") && !head.contains("authorization"), "{head}");
        assert!(!head.contains("cookie"), "{head}");
    }
}

#[tokio::test]
async fn metadata_of_another_resource_or_of_none_are_a_failure() {
    let (_, challenge) = right();
    let other = metadata("https://api.example.com/mcp");
    let (ended, text, environment, _site) = at_site(&other, &challenge).await;
    fails(
        &ended,
        &text,
        "resource",
        &format!(
            "the metadata at ORIGIN{METADATA_PATH} name \"https://api.example.com/mcp\" instead of \
             ORIGIN{PATH}"
        ),
        "clients compare it letter for letter (RFC 9728 §3.3): set resource.url to the URL that they \
         use, here and in what runs there",
    );
    assert_eq!(of(&environment, "resource")["reason"], "other_resource");
    let slash = metadata(&format!("ORIGIN{PATH}/"));
    let long = site::with("200 OK", JSON, &format!("{{\"resource\":\"{}\"}}", "x".repeat(70_000)));
    for (answer, reason, found) in [
        (slash, "other_resource", "instead of"),
        (status("404 Not Found"), "no_resource_metadata", "is answered with 404 Not Found"),
        (status("500 Internal Server Error"), "no_resource_metadata", "is answered with 500"),
        (site::with("200 OK", "Content-Type: text/html", "{}"), "no_resource_metadata", "no JSON"),
        (site::with("200 OK", JSON, "{}"), "no_resource_metadata", "no JSON object that names"),
        (site::with("200 OK", JSON, "[1"), "no_resource_metadata", "no JSON object that names"),
        (long, "no_resource_metadata", "no JSON object that names"),
    ] {
        let (ended, text, environment, _site) = at_site(&answer, &challenge).await;
        assert_eq!(ended.status, Some(1), "{text}");
        assert!(step(&text, "resource").contains(found), "{text}");
        assert_eq!(of(&environment, "resource")["reason"], reason, "{text}");
    }
}

#[tokio::test]
async fn what_is_said_without_a_token_decides_who_stands_there() {
    let (metadata, _) = right();
    let other = challenge("https://other.example.com/x");
    let basic = site::with("401 Unauthorized", "WWW-Authenticate: Basic realm=\"proxy\"", "");
    for (answer, outcome, reason, says) in [
        (other, "failed", "challenge_without_metadata", "no challenge names ORIGIN/.well-known/"),
        (basic, "failed", "challenge_without_metadata", "no challenge names"),
        (status("401 Unauthorized"), "failed", "challenge_without_metadata", "WWW-Authenticate on"),
        (status("200 OK"), "failed", "resource_open", "asks for no token"),
        (status("204 No Content"), "failed", "resource_open", "asks for no token"),
        (status("403 Forbidden"), "failed", "unexpected_status", "this API's own 401"),
        (status("404 Not Found"), "warning", "resource_without_route", "needs one there"),
        (status("405 Method Not Allowed"), "warning", "resource_without_route", "each method"),
        (status("502 Bad Gateway"), "warning", "resource_unreachable", "502 Bad Gateway"),
    ] {
        let (ended, text, environment, _site) = at_site(&metadata, &answer).await;
        let step = of(&environment, "challenge");
        assert_eq!(
            (&step["outcome"], &step["reason"]),
            (&json!(outcome), &json!(reason)),
            "{text}"
        );
        assert!(text.contains(says), "{says}\n{text}");
        assert_eq!(ended.status, Some(i32::from(outcome == "failed")), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (metadata, _) = right();
    let moved = site::with("301 Moved Permanently", "Location: https://www.example.com/?x=1", "");
    let (ended, text, environment, _site) = at_site(&metadata, &moved).await;
    fails(
        &ended,
        &text,
        "challenge",
        &format!(
            "ORIGIN{PATH} is answered with 301 Moved Permanently, a redirect to https://www.example.com"
        ),
        "clients follow none: set resource.url to the final address (https instead of http, with or \
         without the slash at the end)",
    );
    assert_eq!(of(&environment, "challenge")["reason"], "resource_redirected");
    let (ended, text, environment, site) = at_site(&moved, &moved).await;
    assert_eq!(ended.status, Some(1), "{text}");
    assert_eq!(of(&environment, "resource")["reason"], "resource_redirected");
    assert!(step(&text, "challenge").starts_with("skipped"), "{text}");
    assert!(site.heads().iter().all(|head| head.contains(METADATA_PATH)));
}

struct Program(std::process::Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn the_api_behind_a_load_balancer_answers_as_check_expects() {
    let double = ZitadelDouble::start().await;
    let directory = tempfile::tempdir().unwrap();
    let mut program = None;
    let site = Site::before(|origin| {
        let environment = with(basic(&double), RESOURCE, format!("{origin}{PATH}"));
        let environment = with(environment, "APP_SERVER__LISTEN", "127.0.0.1:0");
        let mut command = command(directory.path(), &environment);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = program.insert(Program(command.spawn().unwrap()));
        let lines = BufReader::new(child.0.stdout.as_mut().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let address = lines.find_map(|line| {
            line.split_once("Listening on http://").map(|(_, address)| address.to_owned())
        });
        address.unwrap().parse().unwrap()
    });
    let environment = with(basic(&double), RESOURCE, format!("{}{PATH}", site.origin()));
    let ended = run(CHECK, &environment, "");
    for name in ["resource", "challenge"] {
        assert!(step(&ended.stdout, name).starts_with("ok "), "{}", ended.stdout);
    }
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
}
