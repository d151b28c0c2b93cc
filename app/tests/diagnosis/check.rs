//! Tests of `app check` without a failure, or with warnings only, and of its output format.

use zitadel_double::{DiscoveryFault, Times, ZitadelDouble};

use crate::run::{Ended, Environment, at, basic, run, said, with};

pub(crate) const CHECK: &[&str] = &["check"];
/// URL at which no server listens.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";

pub(crate) fn key(double: &ZitadelDouble) -> (Environment, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, double.key_json().as_bytes()).unwrap();
    let environment = vec![
        ("ZITADEL_DOMAIN", double.issuer().to_owned()),
        ("KEY_FILE", file.path().display().to_string()),
    ];
    (environment, file)
}

/// Returns the line of the step `name` in `text`, the output of `check`, with the next line if that
/// is advice.
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
pub(crate) fn fails(ended: &Ended, text: &str, name: &str, found: &str, advice: &str) {
    assert_eq!(ended.status, Some(1), "{text}{}", ended.stderr);
    let expected = format!("FAILED   {name:<14} {found}\n{:<23} -> {advice}", "");
    assert_eq!(step(text, name), expected);
}

/// Runs `check` with JSON output, and returns the `reason` of the failed step.
pub(crate) fn reason(environment: &Environment) -> String {
    let json = run(&["check", "--format", "json"], environment, "").json();
    let steps = json["steps"].as_array().unwrap();
    let failed = steps.iter().find(|step| step["outcome"] == "failed").unwrap();
    failed["reason"].as_str().unwrap().to_owned()
}

/// Runs `check` against a double in which `order` sets a fault. Asserts that the failed step has
/// the reason `word`, and returns the result with the output, in which addresses are replaced.
pub(crate) async fn with_fault(word: &str, order: impl FnOnce(&ZitadelDouble)) -> (Ended, String) {
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
fn a_warning_about_the_configuration_is_a_step_of_its_own() {
    let at = with(at("https://auth.example.com"), "APP_ZITADEL__CONNECT_TO", "http://a.invalid:1");
    let ended = run(CHECK, &at, "");
    assert!(ended.stdout.contains("warning  configuration  zitadel.connect_to: tokens"));
    assert!(ended.stdout.contains("FAILED"), "{}", ended.stdout);
    assert_eq!(ended.status, Some(1));
}

#[test]
fn credentials_without_a_domain_are_refused_here_as_at_the_start() {
    let misspelled = vec![
        ("ZITADEL_DOMAN", "https://auth.example.com".to_owned()),
        ("CLIENT_ID", "1".to_owned()),
        ("CLIENT_SECRET", "top-secret".to_owned()),
    ];
    for arguments in [CHECK, &[]] {
        let ended = run(arguments, &misspelled, "");
        assert_eq!(ended.status, Some(2));
        let expected = "did you mean ZITADEL_DOMAIN by ZITADEL_DOMAN in the environment?";
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

// The double's clock is years away; the exact number of seconds varies.
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
        assert!(found.contains("year") && found.ends_with(&format!(" {direction} ZITADEL's")));
        assert_eq!(
            advice.trim_start(),
            "-> set it, by NTP: exp and nbf of tokens are judged by it, and ZITADEL refuses \
             assertions of private_key_jwt that are from the future or too old"
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
