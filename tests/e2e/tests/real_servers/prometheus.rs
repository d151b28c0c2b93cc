//! Metrics and alert rules, checked by promtool.

use std::{fs, path::Path, process::Stdio};

use tests::{Api, reader, with_client_secret};
use tokio::{io::AsyncWriteExt, process::Command};
use zitadel_double::ZitadelDouble;

/// Runs promtool with this input, and panics if it reports a problem.
async fn promtool(arguments: &[&str], input: &str) {
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("promtool, of Debian's package prometheus: {error}"));
    // It may report a problem before it has read all input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
}

/// Scrapes an API with every feature on, after an accepted request, a denial and the loss of its
/// ZITADEL.
async fn scrape() -> String {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let environment = with_client_secret(&double)
        .with("APP_CHANGES__TOKEN_FILE", &file("reader", &double.event_reader()))
        .with("APP_CHANGES__WEBHOOK__LISTEN", "127.0.0.1:0")
        .with(
            "APP_CHANGES__WEBHOOK__KEY_FILE",
            &file("key", "abcdefghijklmnopqrstuvwxyz0123456789"),
        )
        .with("APP_ADMIN__LISTEN", "127.0.0.1:0")
        .with("APP_ZITADEL__KEY_EXPIRES", "2099-01-01T00:00:00Z")
        .with("APP_CACHE__TTL", "1h");
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    assert_eq!(api.get("/api/private", "invented").await.status, 401);
    assert_eq!(api.get("/nothing", "invented").await.status, 404);
    double.stop_listening().await;
    assert_eq!(api.get("/api/private", "another").await.status, 503);
    api.admin("/metrics").await.text
}

#[tokio::test]
async fn a_scrape_is_as_prometheus_wants_it() {
    promtool(&["check", "metrics"], &scrape().await).await;
}

#[tokio::test]
async fn the_alert_rules_fire_when_they_should_and_name_metrics_that_there_are() {
    promtool(&["check", "rules", "alerts.yml"], "").await;
    promtool(&["test", "rules", "alerts_test.yml"], "").await;
    let scrape = scrape().await;
    let rules = include_str!("../../../../docs/prometheus/alerts.yml");
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = rules.split(|c| !is_of_a_name(c)).filter(|word| word.contains('_'));
    let metrics =
        names.filter(|word| !["histogram_quantile", "internal_error", "too_old"].contains(word));
    for metric in metrics {
        assert!(scrape.contains(metric), "{metric} is in no scrape");
    }
}
