//! Tests of traces that are turned off, or that no collector receives.

use std::net::TcpListener;

use zitadel_double::ZitadelDouble;

use super::{ENDPOINT, OtlpReceiver, end};
use crate::{
    accept, answer, asking,
    child::{App, run},
};

#[tokio::test]
async fn without_an_endpoint_nothing_is_sent_and_zitadel_is_told_of_no_trace() {
    let receiver = OtlpReceiver::start();
    let endpoint = (ENDPOINT, receiver.endpoint.as_str());
    for variables in [
        &[][..],
        &[(ENDPOINT, "")],
        &[endpoint, ("OTEL_SDK_DISABLED", "true")],
        &[endpoint, ("OTEL_TRACES_EXPORTER", "none")],
    ] {
        let double = ZitadelDouble::start().await;
        let secret = double.client_secret();
        let app = App::start(&[], &[&asking(&double, &secret)[..], variables].concat());
        assert!(answer(&app.address(), "/api/private", "unknown").starts_with("HTTP/1.1 401"));
        end(app);
        assert!(receiver.everything().is_empty(), "{variables:?}");
        let requests = double.requests();
        assert!(!requests.is_empty());
        assert!(requests.iter().all(|seen| seen.header("traceparent").is_none()), "{variables:?}");
    }
}

/// Settings of the app with which at most 20 spans wait for export; it drops further ones.
const SMALL_QUEUE: [(&str, &str); 3] = [
    ("OTEL_BSP_MAX_QUEUE_SIZE", "20"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
    ("OTEL_BSP_SCHEDULE_DELAY", "10"),
];

fn many_are_answered(address: &str) {
    for _ in 0..200 {
        assert!(answer(address, "/api/private", "dev-reader").starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn a_collector_that_hangs_costs_no_request_anything_and_delays_the_end_but_little() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", hanging.local_addr().unwrap());
    let more = [(ENDPOINT, &*endpoint), ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000")];
    let app = App::start(&[], &[&more[..], &SMALL_QUEUE].concat());
    let address = app.address();
    many_are_answered(&address);
    let _taken = accept(&hanging);
    many_are_answered(&address);
    app.signal("TERM");
    let mut log = app.wait_for("traces cannot be exported");
    let (status, rest) = app.end();
    log += &rest;
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(log.matches("traces cannot").count(), 1, "{log}");
}

#[test]
fn a_collector_that_is_down_costs_no_request_anything_and_is_said_once() {
    let endpoint = "http://127.0.0.1:1/collectors-path";
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=collectors-secret");
    let app = App::start(&[], &[&[(ENDPOINT, endpoint), headers][..], &SMALL_QUEUE].concat());
    let address = app.address();
    many_are_answered(&address);
    let mut log = app.wait_for("traces cannot be exported");
    assert!(log.contains("WARN") && log.contains("cause=") && log.contains("collector="), "{log}");
    many_are_answered(&address);
    log += &end(app);
    assert_eq!(log.matches("traces cannot").count(), 1, "{log}");
    assert!(!log.contains("collectors-"), "{log}");
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let [receiver, elsewhere] = [(); 2].map(|()| OtlpReceiver::start());
    receiver.redirect(&elsewhere.endpoint);
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=collectors-secret");
    let app =
        App::start(&[], &[&[(ENDPOINT, &*receiver.endpoint), headers][..], &SMALL_QUEUE].concat());
    answer(&app.address(), "/api/private", "dev-reader");
    assert!(receiver.next().head.contains("api-key: collectors-secret"));
    let mut log = app.wait_for("traces cannot be exported");
    log += &end(app);
    assert!(log.contains("status 302 Found"), "{log}");
    assert!(elsewhere.everything().is_empty());
    assert!(!log.contains("collectors-secret"), "{log}");
}

#[test]
fn the_cause_of_a_failure_is_told_apart() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs = hanging.local_addr().unwrap();
    let patient = "30000";
    for (endpoint, timeout, expected) in [
        ("http://127.0.0.1:1/path-of".to_owned(), patient, "Connection refused"),
        (format!("http://{hangs}/path-of"), "200", "operation timed out"),
        ("http://collector.invalid/path-of".to_owned(), patient, "dns error"),
        // The server does not speak TLS.
        (format!("https://{}/path-of", address_in_clear()), patient, "client error (Connect)"),
    ] {
        let variables = [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*endpoint),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", timeout),
        ];
        let app = App::start(&[], &[&variables[..], &SMALL_QUEUE].concat());
        answer(&app.address(), "/api/private", "dev-reader");
        let log = app.wait_for("traces cannot be exported");
        assert!(log.contains(expected) && !log.contains("path-of"), "{log}");
    }
}

fn address_in_clear() -> String {
    OtlpReceiver::start().endpoint.replace("http://", "")
}

#[test]
fn a_proxy_is_asked_unless_the_collector_is_on_this_machine() {
    let [receiver, proxy] = [(); 2].map(|()| OtlpReceiver::start());
    let exported_to = |endpoint: &str| {
        let variables = [(ENDPOINT, endpoint), ("HTTP_PROXY", &proxy.endpoint)];
        let app = App::start(&[], &variables);
        answer(&app.address(), "/api/private", "dev-reader");
        end(app);
        [&receiver, &proxy].map(|receiver| receiver.everything().len())
    };
    assert_eq!(exported_to("http://collector.invalid"), [0, 1]);
    assert_eq!(exported_to(&receiver.endpoint), [1, 0]);
}

#[test]
fn that_exports_fail_and_that_they_are_back_is_said_once_each() {
    let receiver = OtlpReceiver::start();
    receiver.answer(400);
    let app = App::start(&[], &[&[(ENDPOINT, &*receiver.endpoint)][..], &SMALL_QUEUE].concat());
    let address = app.address();
    let mut log = String::new();
    for _ in 0..3 {
        answer(&address, "/api/private", "dev-reader");
        receiver.next();
    }
    log += &app.wait_for("traces cannot be exported");
    receiver.answer(200);
    for _ in 0..3 {
        answer(&address, "/api/private", "dev-reader");
        receiver.next();
    }
    log += &app.wait_for("traces are exported again");
    log += &end(app);
    assert_eq!(log.matches("traces cannot").count(), 1, "{log}");
    assert_eq!(log.matches("traces are exported again").count(), 1, "{log}");
}

#[test]
fn a_collector_that_takes_every_other_export_fills_no_log() {
    let receiver = OtlpReceiver::start();
    let app = App::start(&[], &[&[(ENDPOINT, &*receiver.endpoint)][..], &SMALL_QUEUE].concat());
    let address = app.address();
    let export = |status| {
        receiver.answer(status);
        answer(&address, "/api/private", "dev-reader");
        receiver.next();
    };
    for status in [200, 400, 200, 400, 200, 200, 400, 200, 200] {
        export(status);
    }
    let log = app.wait_for("traces cannot be exported");
    export(200);
    let mut rest = app.wait_for("traces are exported again");
    rest += &end(app);
    assert!(!log.contains("traces are exported again"), "{log}");
    assert!(!rest.contains("traces cannot") && rest.matches("again").count() == 1, "{rest}");
}

#[test]
fn what_cannot_be_honoured_is_refused_at_the_start() {
    let endpoint = (ENDPOINT, "http://127.0.0.1:4318");
    for (variables, expected) in [
        (&[(ENDPOINT, "collector")][..], "app: OTEL_EXPORTER_OTLP_ENDPOINT: it is no URL"),
        (
            &[(ENDPOINT, "http://user:collectors-secret@${HOST}:4318")],
            "app: OTEL_EXPORTER_OTLP_ENDPOINT: ",
        ),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            "app: OTEL_EXPORTER_OTLP_PROTOCOL: this protocol is not spoken here; expects",
        ),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")],
            "app: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ",
        ),
        (&[endpoint, ("OTEL_TRACES_SAMPLER", "xray")], "app: OTEL_TRACES_SAMPLER: expects "),
        (
            &[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", "collectors-secret")],
            "app: OTEL_EXPORTER_OTLP_HEADERS: expects ",
        ),
    ] {
        for arguments in [&[][..], &["check"]] {
            let (status, _, stderr) = run(arguments, variables);
            assert_eq!(status, Some(2), "{stderr}");
            assert!(stderr.starts_with(expected) && stderr.lines().count() == 1, "{stderr}");
            assert!(!stderr.contains("collectors-secret"), "{stderr}");
        }
    }
}
