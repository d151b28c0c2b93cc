//! Tests of `app check` when introspection fails because of the API's own credentials or of the
//! response.

use zitadel_double::{AppState, Fault, RedirectStatus, Times, ZitadelDouble};

use crate::{
    check::{CHECK, fails, key, reason, step, with_fault},
    run::{basic, run, said, with},
};

#[tokio::test]
async fn a_wrong_client_secret() {
    let double = ZitadelDouble::start().await;
    let environment = with(basic(&double), "CLIENT_SECRET", "not-the-right-secret");
    let ended = run(CHECK, &environment, "");
    assert_eq!(reason(&environment), "client_refused");
    drop(double.take_violations());
    let text = said(&ended, &double);
    assert!(step(&text, "discovery").starts_with("ok "), "{text}");
    fails(
        &ended,
        &text,
        "introspection",
        "ZITADEL refuses this API's own credentials: status 400 Bad Request, error \
         unauthorized_client, for client 340000000000000010 with client_secret_basic",
        "one of these; ZITADEL's own log says which, in oidc_error.parent of a line \"request \
         error\": the secret is another client's, or a newer one was generated (\"password does not \
         match hash\"); the client id is no application's, but an application id or a service user's \
         name, or the application, its project or its organization is deactivated or removed, or it \
         was made a moment ago (\"no rows in result set\"); the client has no secret, for it is a \
         public one, or authenticates by a key, which belongs into zitadel.key_file (\"client has no \
         configured secret\")",
    );
}

#[tokio::test]
async fn a_key_of_an_application_that_is_deactivated() {
    let double = ZitadelDouble::start().await;
    let (environment, _file) = key(&double);
    double.set_app_state(double.key_client_id(), AppState::Deactivated);
    let ended = run(CHECK, &environment, "");
    drop(double.take_violations());
    fails(
        &ended,
        &said(&ended, &double),
        "introspection",
        "ZITADEL refuses this API's own credentials: status 400 Bad Request, error \
         unauthorized_client, for client 340000000000000013 with private_key_jwt",
        "one of these; ZITADEL's own log says which, in oidc_error.parent of a line \"request \
         error\": the key is another application's or another instance's, has expired or was removed, \
         or was made a moment ago (\"invalid signature\"); the application, its project or its \
         organization is deactivated or removed (\"no rows in result set\"); http://ADDRESS is not the \
         issuer to the letter (\"audience is not valid\"); the clock of this machine is wrong \
         (\"issuedAt of token\", \"token has expired\")",
    );
}

#[tokio::test]
async fn other_faults_of_introspection() {
    for (fault, word, found) in [
        (
            Fault::TooManyRequests,
            "rate_limited",
            "http://ADDRESS answers with status 429 Too Many Requests",
        ),
        (Fault::BadGateway, "server_error", "http://ADDRESS answers with status 502 Bad Gateway"),
        (
            Fault::CloseBeforeAnswer,
            "interrupted",
            "the connection to http://ADDRESS broke before the answer was complete",
        ),
        (
            Fault::NotJson,
            "malformed_answer",
            "http://ADDRESS answers what cannot be understood: the answer is no JSON object",
        ),
    ] {
        let fault = |double: &ZitadelDouble| double.introspection_fault(fault, Times::UntilCleared);
        let (ended, text) = with_fault(word, fault).await;
        assert_eq!(ended.status, Some(1));
        let step = step(&text, "introspection");
        let expected = format!("FAILED   introspection  {found}\n");
        assert!(step.starts_with(&expected), "{step}");
    }
}

// With a configured endpoint, the advice must not name zitadel.domain.
#[tokio::test]
async fn a_configured_endpoint_is_the_setting_to_look_at() {
    let double = ZitadelDouble::start().await;
    for (endpoint, word, advice) in [
        (
            format!("{}/nothing", double.issuer()),
            "unexpected_status",
            "host, port and path of zitadel.introspection_endpoint, and",
        ),
        ("http://127.0.0.1:1/introspect".to_owned(), "connection_refused", "nobody listens there"),
        (
            format!("https://{}.invalid/introspect", "a".repeat(64)),
            "unreachable",
            "check zitadel.introspection_endpoint, zitadel.connect_to",
        ),
    ] {
        let environment = with(basic(&double), "APP_ZITADEL__INTROSPECTION_ENDPOINT", endpoint);
        assert_eq!(reason(&environment), word);
        let ended = run(CHECK, &environment, "");
        assert_eq!(ended.status, Some(1), "{}", ended.stdout);
        let step = step(&ended.stdout, "introspection");
        assert!(step.contains(advice), "{step}");
        drop(double.take_violations());
    }
    let environment = with(
        basic(&double),
        "APP_ZITADEL__INTROSPECTION_ENDPOINT",
        double.introspection_endpoint(),
    );
    for (fault, word, advice) in [
        (Fault::LoginPage, "web_page", "check host and port of zitadel.introspection_endpoint"),
        (Fault::NotJson, "malformed_answer", "host and port of zitadel.introspection_endpoint"),
        (
            Fault::Redirect(RedirectStatus::Found, "/login".to_owned()),
            "redirected",
            "set zitadel.introspection_endpoint to the final address",
        ),
        (
            Fault::DatabaseDown,
            "unknown_instance",
            "set zitadel.introspection_endpoint to the public name",
        ),
    ] {
        double.introspection_fault(fault, Times::UntilCleared);
        assert_eq!(reason(&environment), word);
        let ended = run(CHECK, &environment, "");
        let step = step(&ended.stdout, "introspection");
        assert!(step.contains(advice), "{step}");
    }
}

#[tokio::test]
async fn a_server_that_calls_any_token_active() {
    let double = ZitadelDouble::start().await;
    let answer = zitadel_double::Answer::from(serde_json::json!({ "active": true }));
    let fault = Fault::Status(http::StatusCode::OK, answer);
    double.introspection_fault(fault, Times::UntilCleared);
    let ended = run(CHECK, &basic(&double), "");
    assert_eq!(reason(&basic(&double)), "every_token_active");
    fails(
        &ended,
        &ended.stdout,
        "introspection",
        "a random token is called active",
        "whatever answers there must not be relied on: find out what it is",
    );
}
