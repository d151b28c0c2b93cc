//! What `app check` says about every failure of the other side that it names.

use std::net::TcpListener;

use zitadel_double::{
    AppState, DATABASE_HOST, DiscoveryFault, Fault, RedirectStatus, Times, ZitadelDouble,
};

use crate::run::{Ended, Environment, at, basic, run, said, with};

const CHECK: &[&str] = &["check"];
/// Where nobody listens on any machine.
const NOBODY: &str = "http://127.0.0.1:1";

fn key(double: &ZitadelDouble) -> (Environment, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, double.key_json().as_bytes()).unwrap();
    let environment = vec![
        ("ZITADEL_DOMAIN", double.issuer().to_owned()),
        ("KEY_FILE", file.path().display().to_string()),
    ];
    (environment, file)
}

/// The line of a step and, where there is one, that of the advice.
pub(crate) fn step(text: &str, name: &str) -> String {
    let of_step = |line: &&str| line.split_whitespace().nth(1) == Some(name);
    let mut lines = text.lines().skip_while(|line| !of_step(line));
    let mut step = lines.next().unwrap().to_owned();
    if let Some(advice) = lines.next().filter(|line| line.trim_start().starts_with("-> ")) {
        step = format!("{step}\n{advice}");
    }
    step
}

#[track_caller]
fn fails(ended: &Ended, text: &str, name: &str, found: &str, advice: &str) {
    assert_eq!(ended.status, Some(1), "{text}{}", ended.stderr);
    let expected = format!("FAILED   {name:<14} {found}\n{:<23} -> {advice}", "");
    assert_eq!(step(text, name), expected);
}

/// The word for what failed, for scripts.
pub(crate) fn reason(environment: &Environment) -> String {
    let json = run(&["check", "--format", "json"], environment, "").json();
    let steps = json["steps"].as_array().unwrap();
    let failed = steps.iter().find(|step| step["outcome"] == "failed").unwrap();
    failed["reason"].as_str().unwrap().to_owned()
}

/// A check against a double whose discovery or introspection fails, and the word for that.
async fn with_fault(word: &str, order: impl FnOnce(&ZitadelDouble)) -> (Ended, String) {
    let double = ZitadelDouble::start().await;
    order(&double);
    let environment = basic(&double);
    let ended = run(CHECK, &environment, "");
    assert_eq!(reason(&environment), word);
    drop(double.take_violations());
    let text = said(&ended, &double);
    (ended, text)
}

#[tokio::test]
async fn a_set_up_that_works_is_said_to_work() {
    let double = ZitadelDouble::start().await;
    let ended = run(CHECK, &basic(&double), "");
    assert_eq!(
        said(&ended, &double),
        "ok       configuration  ZITADEL at http://ADDRESS is asked by client 340000000000000010 \
         with client_secret_basic\n\
         ok       discovery      the introspection endpoint is http://ADDRESS/oauth/v2/introspect\n\
         ok       clock          this machine's clock agrees with ZITADEL's\n\
         ok       introspection  our credentials are accepted, and a random token is called \
         inactive\n"
    );
    assert_eq!(ended.status, Some(0));
    assert_eq!((double.discoveries(), double.introspections()), (1, 1));
    let (environment, _file) = key(&double);
    let ended = run(CHECK, &environment, "");
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("with private_key_jwt"));
}

#[tokio::test]
async fn json_says_the_same_under_names_that_stay() {
    let double = ZitadelDouble::start().await;
    let ok = run(&["check", "--format", "json"], &basic(&double), "").json();
    assert_eq!(ok["ok"], true);
    assert_eq!(ok["clock_ahead_seconds"], 0);
    assert_eq!(ok["steps"].as_array().unwrap().len(), 4);
    assert_eq!(ok["steps"][3]["step"], "introspection");
    assert_eq!(ok["steps"][3]["outcome"], "ok");
    let ended = run(&["check", "--format", "json"], &at(NOBODY), "");
    assert_eq!(ended.status, Some(1));
    let failed = ended.json();
    assert_eq!(failed["ok"], false);
    assert_eq!(failed["clock_ahead_seconds"], serde_json::Value::Null);
    assert_eq!(failed["steps"][1]["reason"], "connection_refused");
    assert!(failed["steps"][1]["advice"].is_string() && failed["steps"][1]["found"].is_string());
    assert_eq!(failed["steps"][3]["outcome"], "skipped");
}

#[test]
fn with_the_fake_there_is_nothing_to_ask() {
    let ended = run(CHECK, &Vec::new(), "");
    assert_eq!(
        ended.stdout,
        "ok       configuration  the in-memory fake answers, and no ZITADEL is asked: set \
         ZITADEL_DOMAIN and credentials to ask one\n"
    );
    assert_eq!(ended.status, Some(0));
}

#[test]
fn a_warning_about_the_configuration_is_no_failure() {
    let ended = run(CHECK, &vec![("CLIENT_SECRET", "top-secret".to_owned())], "");
    assert_eq!(ended.status, Some(0));
    assert!(ended.stdout.contains("warning  configuration  there are credentials"));
}

// A label of 64 characters is no name anywhere: nobody on the network has to be asked.
#[test]
fn a_name_that_is_not_resolved() {
    let origin = format!("http://{}.invalid:8080", "a".repeat(64));
    let environment = with(at("http://localhost:8080"), "APP_ZITADEL__CONNECT_TO", origin.as_str());
    let ended = run(CHECK, &environment, "");
    assert_eq!(reason(&environment), "name_not_resolved");
    fails(
        &ended,
        &ended.stdout,
        "discovery",
        &format!("the name in {origin} is not resolved"),
        "check the spelling of zitadel.domain (or zitadel.connect_to), and the DNS of this machine",
    );
}

#[test]
fn a_port_at_which_nobody_listens() {
    let ended = run(CHECK, &at(NOBODY), "");
    assert_eq!(ended.status, Some(1));
    assert_eq!(
        ended.stdout,
        "ok       configuration  ZITADEL at http://127.0.0.1:1 is asked by client \
         340000000000000010 with client_secret_basic\n\
         FAILED   discovery      http://127.0.0.1:1 refuses the connection\n\
         \x20                       -> nobody listens there: is ZITADEL running, and is the port \
         right?\n\
         skipped  clock          no answer told the time\n\
         skipped  introspection  it needs discovery\n"
    );
}

#[test]
fn somebody_who_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = format!("http://{}", silent.local_addr().unwrap());
    let environment = with(at(&domain), "APP_ZITADEL__TIMEOUT", "200ms");
    let ended = run(CHECK, &environment, "");
    assert_eq!(reason(&environment), "timed_out");
    fails(
        &ended,
        &ended.stdout,
        "discovery",
        &format!("no complete answer from {domain} within 200ms"),
        "if it is always so, something drops what is sent: check address, port and firewall; if \
         ZITADEL is slow, raise zitadel.timeout",
    );
}

#[tokio::test]
async fn a_host_that_zitadel_does_not_know() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let domain = format!("http://{}", double.addr());
    let ended = run(CHECK, &with(basic(&double), "ZITADEL_DOMAIN", domain), "");
    drop(double.take_violations());
    fails(
        &ended,
        &said(&ended, &double),
        "discovery",
        "404 \"unable to set instance\": ZITADEL knows no instance by the host ADDRESS that was \
         sent",
        "set zitadel.domain to the public name of the instance, and zitadel.connect_to where \
         another address leads to it; no proxy in between may change Host or add Forwarded or \
         X-Forwarded-Host; if it worked before, ZITADEL's database may be down",
    );
}

#[tokio::test]
async fn a_database_that_is_down_is_not_shown_by_its_name() {
    let fault = |double: &ZitadelDouble| {
        double.discovery_fault(Fault::DatabaseDown, Times::UntilCleared);
    };
    let (ended, text) = with_fault("unknown_instance", fault).await;
    assert_eq!(ended.status, Some(1));
    assert!(text.contains("ZITADEL's database may be down"), "{text}");
    assert!(!text.contains(DATABASE_HOST), "{text}");
}

#[tokio::test]
async fn a_path_at_which_nothing_is() {
    let double = ZitadelDouble::start().await;
    let domain = format!("{}/realms/one", double.issuer());
    let environment = with(basic(&double), "ZITADEL_DOMAIN", domain);
    let ended = run(CHECK, &environment, "");
    assert_eq!(reason(&environment), "unexpected_status");
    drop(double.take_violations());
    fails(
        &ended,
        &said(&ended, &double),
        "discovery",
        "http://ADDRESS answers with status 404 Not Found",
        "that is not what ZITADEL answers: check host, port and path of zitadel.domain, and what \
         stands in between",
    );
}

// No certificate can be for a name with a label of 64 characters.
#[test]
fn another_reason_why_there_is_no_connection() {
    let domain = format!("https://{}.invalid", "a".repeat(64));
    let ended = run(CHECK, &at(&domain), "");
    assert_eq!(reason(&at(&domain)), "unreachable");
    fails(
        &ended,
        &ended.stdout,
        "discovery",
        &format!("no connection to {domain}: invalid dns name"),
        "check zitadel.domain, zitadel.connect_to, and the network in between",
    );
}

#[tokio::test]
async fn a_web_page_instead_of_json() {
    let fault =
        |double: &ZitadelDouble| double.discovery_fault(Fault::LoginPage, Times::UntilCleared);
    let (ended, text) = with_fault("web_page", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "http://ADDRESS answers with a web page (HTML) instead of JSON",
        "another program listens on that port, or a login page or proxy stands in between: check \
         host and port of zitadel.domain",
    );
}

#[tokio::test]
async fn another_issuer_is_shown_with_the_expected_one() {
    let fault = |double: &ZitadelDouble| {
        let another = DiscoveryFault::Issuer("https://auth.example.test".to_owned());
        double.discovery_fault(another, Times::UntilCleared);
    };
    let (ended, text) = with_fault("issuer_mismatch", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "the metadata names the issuer \"https://auth.example.test\" instead of \"http://ADDRESS\"",
        "set zitadel.domain to the issuer of the instance, with the same scheme, host and port; if \
         that is what it says, a proxy in between changes the host",
    );
}

#[tokio::test]
async fn a_foreign_endpoint_and_a_redirect() {
    let fault = |double: &ZitadelDouble| {
        let foreign = "https://other.example.test/introspect".to_owned();
        let foreign = DiscoveryFault::IntrospectionEndpoint(foreign);
        double.discovery_fault(foreign, Times::UntilCleared);
    };
    let (ended, text) = with_fault("foreign_endpoint", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "the metadata names an introspection endpoint at https://other.example.test, not at the \
         issuer's origin",
        "if that endpoint is the right one, set zitadel.introspection_endpoint to it; if not, this \
         is not your ZITADEL",
    );
    let fault = |double: &ZitadelDouble| {
        let to = "https://login.example.test/x".to_owned();
        double.discovery_fault(Fault::Redirect(RedirectStatus::Found, to), Times::UntilCleared);
    };
    let (ended, text) = with_fault("redirected", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "status 302 Found, a redirect to https://login.example.test",
        "redirects are not followed, for the token would go along: set zitadel.domain to the final \
         address (https instead of http, the public name), or remove the login page in between",
    );
}

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
        "one of these: client id or secret are not those of one API application, or a newer secret \
         was generated; the application, its project or its organization is deactivated or removed; \
         the application authenticates by key (use zitadel.key_file); it was made a moment ago",
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
        "one of these: the key has expired or was removed; the API application, its project or its \
         organization is deactivated or removed; the clock of this machine is wrong; http://ADDRESS \
         is not the issuer to the letter; the key was made a moment ago",
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

// The double's date is long past, so ours is ahead by whole years; the number varies.
#[tokio::test]
async fn clocks_that_differ_are_worth_a_warning() {
    let double = ZitadelDouble::start().await;
    for (date, direction) in
        [("Wed, 01 Jan 2025 00:00:00 GMT", "ahead of"), ("Wed, 01 Jan 2200 00:00:00 GMT", "behind")]
    {
        let fault = DiscoveryFault::Date(date.to_owned());
        double.discovery_fault(fault, Times::Next(2));
        let ended = run(CHECK, &basic(&double), "");
        assert_eq!(ended.status, Some(0), "{}", ended.stdout);
        let step = step(&ended.stdout, "clock");
        let (found, advice) = step.split_once('\n').unwrap();
        let found = found.strip_prefix("warning  clock          this machine's clock is ").unwrap();
        let (seconds, rest) = found.split_once(' ').unwrap();
        assert!(seconds.parse::<u64>().unwrap() > 10_000_000, "{seconds}");
        assert_eq!(rest, format!("s {direction} ZITADEL's"));
        assert_eq!(
            advice.trim_start(),
            "-> set it, by NTP: exp and nbf of tokens are judged by it, and ZITADEL refuses \
             assertions of private_key_jwt from the future"
        );
        let json = run(&["check", "--format", "json"], &basic(&double), "").json();
        assert_eq!(json["steps"][2]["reason"], "clock_differs");
        let ahead = json["clock_ahead_seconds"].as_i64().unwrap();
        assert_eq!(ahead > 0, direction == "ahead of");
    }
}

#[tokio::test]
async fn where_the_endpoint_is_configured_discovery_is_not_asked() {
    let double = ZitadelDouble::start().await;
    let endpoint = double.introspection_endpoint();
    let environment = with(basic(&double), "APP_ZITADEL__INTROSPECTION_ENDPOINT", endpoint);
    let ended = run(CHECK, &environment, "");
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    assert!(step(&ended.stdout, "discovery").starts_with("skipped "));
    assert_eq!((double.discoveries(), double.introspections()), (0, 1));
}
