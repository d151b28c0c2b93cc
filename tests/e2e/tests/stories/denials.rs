//! Every row of the table of denials.

use serde_json::{Value, json};
use tests::{Answer, Api, Environment, with_client_secret};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use zitadel_double::{NewUser, UserState, ZitadelDouble};

#[track_caller]
fn check(answer: &Answer, status: u16, code: &str, error: Option<&str>) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert_eq!(answer.code(), code, "{answer:?}");
    let challenge = match (code, error) {
        ("missing_token", None) => Some("Bearer realm=\"api\"".to_owned()),
        (_, None) => None,
        (_, Some(error)) => Some(format!("Bearer realm=\"api\", error=\"{error}\"")),
    };
    assert_eq!(answer.challenge, challenge, "{answer:?}");
    assert_eq!(answer.content_type.as_deref(), Some("application/problem+json"));
    assert_eq!(answer.cache_control.as_deref(), Some("no-store"));
    assert_eq!(answer.body["type"], "about:blank");
    assert_eq!(answer.body["status"], status);
    assert_eq!(answer.body["title"], answer.status.canonical_reason().unwrap());
    assert!(answer.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
}

const INVALID_REQUEST: (u16, &str, Option<&str>) =
    (400, "invalid_request", Some("invalid_request"));
const INVALID_TOKEN: (u16, &str, Option<&str>) = (401, "invalid_token", Some("invalid_token"));

/// Returns the status line and body of the response to bytes that no HTTP library sends.
async fn raw(api: &Api, head: &[u8]) -> (String, Value) {
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    stream.write_all(head).await.unwrap();
    stream.write_all(b"Host: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default().to_owned();
    (status, serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_request_without_bearer_credentials_is_asked_for_them() {
    let api = Api::start(Environment::default()).await;
    check(&api.get_without_token("/api/private").await, 401, "missing_token", None);
    let basic = api.client().get(api.url("/api/private")).basic_auth("a", Some("b"));
    check(&api.send(basic).await, 401, "missing_token", None);
    let in_query = api.client().get(api.url("/api/private?access_token=dev-reader"));
    check(&api.send(in_query).await, 401, "missing_token", None);
}

// incidents.md row 17: a malformed token is sent nowhere.
#[tokio::test]
async fn a_malformed_header_is_a_bad_request_and_asks_nobody() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let long = format!("Bearer {}", "a".repeat(16 * 1024 + 1));
    for value in ["Bearer", "Bearer ", "Bearer a b", "Bearer x&token=y", "Bearer \"a\"", &long] {
        let request = api.client().get(api.url("/api/private")).header("authorization", value);
        let (status, code, error) = INVALID_REQUEST;
        check(&api.send(request).await, status, code, error);
    }
    let twice = api
        .client()
        .get(api.url("/api/private"))
        .header("authorization", "Bearer a")
        .header("authorization", "Bearer a");
    let (status, code, error) = INVALID_REQUEST;
    check(&api.send(twice).await, status, code, error);
    let (status, body) =
        raw(&api, b"GET /api/private HTTP/1.1\r\nAuthorization: Bearer \xff\xfe\r\n").await;
    assert_eq!(
        (status.as_str(), &body["code"]),
        ("HTTP/1.1 400 Bad Request", &json!("invalid_request"))
    );
    assert_eq!(double.introspections(), 0);
}

#[tokio::test]
async fn the_scheme_may_be_written_in_any_case_with_several_spaces() {
    let api = Api::start(Environment::default()).await;
    for value in ["bearer dev-reader", "BEARER    dev-reader"] {
        let request = api.client().get(api.url("/api/private")).header("authorization", value);
        assert_eq!(api.send(request).await.status, 200, "{value}");
    }
}

/// Returns the API's response to a token with this introspection response.
async fn about(environment: &[(&str, &str)], answer: Value) -> Answer {
    let double = ZitadelDouble::start().await;
    let environment = environment
        .iter()
        .fold(with_client_secret(&double), |all, (name, value)| all.with(name, value));
    let api = Api::start(environment).await;
    let answer = match answer {
        Value::Object(mut claims) => {
            claims.entry("active").or_insert(json!(true));
            claims.entry("iss").or_insert(json!(double.issuer()));
            Value::Object(claims)
        }
        other => other,
    };
    double.answer("the-token", answer);
    api.get("/api/private", "the-token").await
}

#[tokio::test]
async fn a_token_that_opens_nothing_is_invalid() {
    let organizations = [("APP_AUTH__ORGANIZATIONS", "1,2")];
    let audience = [("APP_AUTH__AUDIENCE", "api")];
    let claim = |name: &str, value: Value| json!({ name: value });
    let organization = |id: &str| claim("urn:zitadel:iam:user:resourceowner:id", json!(id));
    for (environment, answer) in [
        (&[][..], json!({ "active": false })),
        (&[], json!({ "exp": 1 })),
        (&[], json!({ "nbf": 253_402_300_799_u64 })),
        (&[], json!({ "iss": "https://another.test" })),
        (&[], json!({ "cnf": { "jkt": "x" } })),
        (&audience, json!({ "aud": ["another"] })),
        (&audience, json!({})),
        (&organizations, organization("3")),
        (&organizations, json!({})),
    ] {
        let shown = answer.to_string();
        let (status, code, error) = INVALID_TOKEN;
        let answer = about(environment, answer).await;
        assert_eq!(answer.status, 401, "{shown}");
        check(&answer, status, code, error);
    }
    for (environment, answer) in [
        (&[][..], json!({})),
        (&audience, json!({ "aud": "api" })),
        (&organizations, organization("2")),
    ] {
        assert_eq!(about(environment, answer).await.status, 200);
    }
}

// incidents.md row 10: a token without `iss` is not from our issuer.
#[tokio::test]
async fn a_missing_issuer_is_another_issuer() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    double.answer("the-token", json!({ "active": true }));
    let (status, code, error) = INVALID_TOKEN;
    check(&api.get("/api/private", "the-token").await, status, code, error);
}

#[tokio::test]
async fn a_user_who_was_deactivated_is_denied_at_the_next_request() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let user = double.add_user(NewUser::service("svc"));
    let token = double.pat(&user);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    double.set_user_state(&user, UserState::Deactivated);
    let (status, code, error) = INVALID_TOKEN;
    check(&api.get("/api/private", &token).await, status, code, error);
}

// Personal access tokens of every service user are active for every API of the instance.
#[tokio::test]
async fn a_stranger_from_another_organization_is_kept_out_by_the_list_of_organizations() {
    let double = ZitadelDouble::start().await;
    let stranger = double.add_user(NewUser::service("stranger").in_org(double.foreign_org_id()));
    let token = double.pat(&stranger);
    let open = Api::start(with_client_secret(&double)).await;
    assert_eq!(open.get("/api/private", &token).await.status, 200);
    let environment =
        with_client_secret(&double).with("APP_AUTH__ORGANIZATIONS", double.org_id().as_str());
    let closed = Api::start(environment).await;
    let (status, code, error) = INVALID_TOKEN;
    check(&closed.get("/api/private", &token).await, status, code, error);
}

#[tokio::test]
async fn a_missing_role_has_the_configured_status() {
    for (environment, status) in [
        (Environment::default(), 401),
        (Environment::default().with("APP_AUTH__MISSING_ROLE_STATUS", "403"), 403),
    ] {
        let api = Api::start(environment).await;
        let answer = api.get("/api/private-scoped", "dev-no-role").await;
        check(&answer, status, "insufficient_scope", Some("insufficient_scope"));
    }
}

#[tokio::test]
async fn the_realm_is_as_configured() {
    let api = Api::start(Environment::default().with("APP_AUTH__REALM", "my messages")).await;
    let answer = api.get_without_token("/api/private").await;
    assert_eq!(answer.challenge.as_deref(), Some("Bearer realm=\"my messages\""));
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let api = Api::start(Environment::default()).await;
    check(&api.get("/api/nothing", "dev-reader").await, 404, "not_found", None);
    let post = api.client().post(api.url("/api/private")).bearer_auth("dev-reader");
    let answer = api.send(post).await;
    check(&answer, 405, "method_not_allowed", None);
    assert_eq!(answer.allow.as_deref(), Some("GET,HEAD"));
}

// incidents.md row 15: path tricks.
#[tokio::test]
async fn no_trick_with_the_path_gets_past_the_guard() {
    let api = Api::start(Environment::default()).await;
    for path in [
        "/api/public/../private",
        "/api/public/%2e%2e/private",
        "//api/private",
        "/api//private",
        "/api/private#/api/public",
        "/api/private;/api/public",
        "/api/private%00",
        "http://x/api/private",
        "/api/private?/api/public",
        "/api/%70rivate",
    ] {
        let head = format!("GET {path} HTTP/1.1\r\n");
        let (status, body) = raw(&api, head.as_bytes()).await;
        let denied = ["HTTP/1.1 400", "HTTP/1.1 401", "HTTP/1.1 404"];
        assert!(denied.iter().any(|denied| status.starts_with(denied)), "{path} is {status}");
        assert_eq!(body["message"], Value::Null, "{path}");
    }
}
