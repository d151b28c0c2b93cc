//! Spans that reach a collector, and the trace that goes on to ZITADEL.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use zitadel_double::{Fault, Gate, NewUser, Times, ZitadelDouble};

use crate::{
    answer, asking,
    child::App,
    otlp_receiver::{Export, OtlpReceiver, hex, text},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A request with further headers, not yet answered.
fn ask_with(address: &str, token: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /api/private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn is_answered(mut stream: TcpStream, status: &str) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
}

/// The environment that has the app ask the double, and more.
fn traced<'a>(
    double: &'a ZitadelDouble,
    secret: &'a str,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    [&asking(double, secret)[..], more].concat()
}

fn end(app: App) -> String {
    app.signal("TERM");
    let (status, log) = app.end();
    assert_eq!(status.code(), Some(0), "{log}");
    log
}

fn of_kind(spans: &[Span], kind: SpanKind) -> Vec<&Span> {
    spans.iter().filter(|span| span.kind() == kind).collect()
}

/// What ZITADEL saw of a header, with each request.
fn seen(double: &ZitadelDouble, header: &str) -> Vec<Option<String>> {
    double.requests().iter().map(|request| request.header(header).map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_trace_goes_from_the_caller_through_the_request_on_to_zitadel() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let receiver = OtlpReceiver::start();
    let (secret, endpoint) = (double.client_secret(), receiver.endpoint.clone());
    let app =
        App::start(&[], &traced(&double, &secret, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]));
    let headers = format!("traceparent: {CALLER}\r\ntracestate: vendor=x\r\nbaggage: user=ada\r\n");
    is_answered(ask_with(&app.address(), &token, &headers), "200");
    end(app);

    let spans = receiver.spans();
    let [request] = of_kind(&spans, SpanKind::Server)[..] else { panic!("{spans:?}") };
    let [introspection] = of_kind(&spans, SpanKind::Client)[..] else { panic!("{spans:?}") };
    for span in [request, introspection] {
        assert_eq!(hex(&span.trace_id), TRACE);
        assert!(span.trace_state.is_empty() && span.events.is_empty(), "{span:?}");
    }
    assert_eq!(request.name, "GET /api/private");
    assert_eq!(hex(&request.parent_span_id), "b7ad6b7169203331");
    assert_eq!(introspection.name, "introspection");
    assert_eq!(introspection.parent_span_id, request.span_id);
    assert_eq!(text(&introspection.attributes, "result"), Some("active"));
    assert_eq!(introspection.attributes.len(), 1, "{introspection:?}");

    let ours = format!("00-{TRACE}-{}-01", hex(&introspection.span_id));
    let trace_parents = seen(&double, "traceparent");
    assert!(
        !trace_parents.is_empty() && trace_parents.iter().all(|seen| *seen == Some(ours.clone()))
    );
    for foreign in ["tracestate", "baggage"] {
        assert!(seen(&double, foreign).iter().all(Option::is_none), "{foreign}");
    }
}

#[tokio::test]
async fn a_trace_parent_that_cannot_be_understood_is_as_none() {
    let double = ZitadelDouble::start().await;
    let receiver = OtlpReceiver::start();
    let (secret, endpoint) = (double.client_secret(), receiver.endpoint.clone());
    let app =
        App::start(&[], &traced(&double, &secret, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]));
    let address = app.address();
    for headers in [
        String::new(),
        format!("traceparent: {CALLER}\r\ntraceparent: {CALLER}\r\n"),
        format!("traceparent: {}\r\n", CALLER.to_uppercase()),
        format!("traceparent: {CALLER}-more\r\n"),
        format!("traceparent: 00-{}-b7ad6b7169203331-01\r\n", "0".repeat(32)),
        format!("tracestate: {CALLER}\r\n"),
    ] {
        is_answered(ask_with(&address, "unknown", &headers), "401");
    }
    end(app);
    let spans = receiver.spans();
    let requests = of_kind(&spans, SpanKind::Server);
    assert_eq!(requests.len(), 6);
    for span in requests {
        assert!(span.parent_span_id.is_empty() && hex(&span.trace_id) != TRACE, "{span:?}");
    }
}

#[tokio::test]
async fn what_the_caller_does_not_sample_is_not_sent_and_zitadel_is_told_so() {
    let double = ZitadelDouble::start().await;
    let receiver = OtlpReceiver::start();
    let (secret, endpoint) = (double.client_secret(), receiver.endpoint.clone());
    let app =
        App::start(&[], &traced(&double, &secret, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]));
    let headers = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-00\r\n");
    is_answered(ask_with(&app.address(), "unknown", &headers), "401");
    end(app);
    assert!(receiver.everything().is_empty());
    for seen in seen(&double, "traceparent") {
        let seen = seen.unwrap();
        assert!(seen.starts_with(&format!("00-{TRACE}-")) && seen.ends_with("-00"), "{seen}");
    }
}

/// Asks operators' metrics until as many as expected have joined a question.
fn wait_until_joined(admin: &str, expected: usize) {
    let line = format!("token_introspection_coalesced_total {expected}\n");
    let joined = || answer(admin, "/metrics", "").contains(&line);
    assert!((0..100_000).any(|_| joined()), "not {expected} joined");
}

#[tokio::test]
async fn a_shared_question_has_one_span_to_which_the_other_requests_are_linked() {
    let double = ZitadelDouble::start().await;
    let receiver = OtlpReceiver::start();
    let (secret, endpoint) = (double.client_secret(), receiver.endpoint.clone());
    let more = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("APP_ADMIN__LISTEN", "127.0.0.1:0")];
    let app = App::start(&[], &traced(&double, &secret, &more));
    let log = app.wait_for("listening for operators");
    let admin = log.trim_end().rsplit("address=").next().unwrap().to_owned();
    let address = app.address();
    // Whether it is ready is asked with a token of its own.
    answer(&admin, "/readyz", "");
    let asked = double.introspections();
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let first = ask_with(&address, "unknown", &format!("traceparent: {CALLER}\r\n"));
    double.wait_for_introspections(asked + 1).await;
    let others: Vec<_> = (0..10).map(|_| ask_with(&address, "unknown", "")).collect();
    wait_until_joined(&admin, others.len());
    gate.open();
    for request in others.into_iter().chain([first]) {
        is_answered(request, "401");
    }
    end(app);

    let spans = receiver.spans();
    let requests = of_kind(&spans, SpanKind::Server);
    let (first, others): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|span| hex(&span.trace_id) == TRACE);
    let [first] = first[..] else { panic!("{spans:?}") };
    let introspections = of_kind(&spans, SpanKind::Client);
    let below = |parent: &Span| -> Vec<_> {
        introspections.iter().filter(|span| span.parent_span_id == parent.span_id).collect()
    };
    let [shared] = below(first)[..] else { panic!("{spans:?}") };
    assert!(first.links.is_empty());
    assert_eq!(others.len(), 10);
    for other in others {
        assert!(below(other).is_empty());
        let [link] = &other.links[..] else { panic!("{other:?}") };
        assert_eq!((&link.trace_id, &link.span_id), (&shared.trace_id, &shared.span_id));
    }
}

#[tokio::test]
async fn a_span_says_how_the_question_ended() {
    let double = ZitadelDouble::start().await;
    let receiver = OtlpReceiver::start();
    let (secret, endpoint) = (double.client_secret(), receiver.endpoint.clone());
    let app =
        App::start(&[], &traced(&double, &secret, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]));
    let address = app.address();
    is_answered(ask_with(&address, "unknown", ""), "401");
    double.introspection_fault(Fault::InternalServerError, Times::Next(1));
    is_answered(ask_with(&address, "unknown", ""), "503");
    end(app);
    let spans = receiver.spans();
    let [inactive, fault] = of_kind(&spans, SpanKind::Client)[..] else { panic!("{spans:?}") };
    assert_eq!(text(&inactive.attributes, "result"), Some("inactive"));
    assert!(inactive.status.as_ref().is_none_or(|status| status.code() == StatusCode::Unset));
    assert_eq!(text(&fault.attributes, "result"), Some("fault"));
    assert_eq!(text(&fault.attributes, "reason"), Some("server_error"));
    assert_eq!(fault.status.as_ref().unwrap().code(), StatusCode::Error);
}

#[tokio::test]
async fn the_standard_variables_mean_what_they_mean_elsewhere() {
    let double = ZitadelDouble::start().await;
    let secret = double.client_secret();
    let resource = |more: &[(&str, &str)]| {
        let receiver = OtlpReceiver::start();
        let endpoint = format!("{}/at/all", receiver.endpoint);
        let variables = [
            &[
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*endpoint),
                ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=blue"),
            ],
            more,
        ];
        let app = App::start(&[], &traced(&double, &secret, &variables.concat()));
        is_answered(ask_with(&app.address(), "unknown", ""), "401");
        end(app);
        let Export { head, resources, .. } = receiver.next();
        assert!(head.starts_with("POST /at/all HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nx-tenant: blue\r\n"), "{head}");
        let attributes = resources.into_iter().next().unwrap().resource.unwrap().attributes;
        ["service.name", "service.version", "zone"]
            .map(|key| text(&attributes, key).map(str::to_owned))
    };
    let [name, version, _] = resource(&[]);
    assert_eq!(name.unwrap(), "zitadel-resource-server");
    assert!(version.unwrap().starts_with(env!("CARGO_PKG_VERSION")));
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,zone=z");
    assert_eq!(resource(&[attributes])[0].as_deref(), Some("a"));
    let [name, _, zone] = resource(&[attributes, ("OTEL_SERVICE_NAME", "b")]);
    assert_eq!((name.as_deref(), zone.as_deref()), (Some("b"), Some("z")));
}

#[tokio::test]
async fn neither_tokens_nor_secrets_nor_paths_are_exported() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let receiver = OtlpReceiver::start();
    let (secret, endpoint) = (double.client_secret(), receiver.endpoint.clone());
    let more = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer collectors-secret"),
        ("RUST_LOG", "trace"),
    ];
    let app = App::start(&[], &traced(&double, &secret, &more));
    let address = app.address();
    for token in [&*token, "unknown-token", "no token"] {
        for path in ["/api/private", "/api/private?query-of-a-path", "/a/path-of-ones-own"] {
            answer(&address, path, token);
        }
    }
    double.introspection_fault(Fault::DatabaseDown, Times::Next(1));
    answer(&address, "/api/private", "another-token");
    end(app);
    let exports = receiver.everything();
    assert!(!exports.is_empty());
    for Export { head, body, .. } in exports {
        assert!(head.contains("authorization: Bearer collectors-secret"), "{head}");
        let body = String::from_utf8_lossy(&body);
        for hidden in
            [&*token, &*secret, "-token", "no token", "of-a-path", "path-of", "collectors-", "svc"]
        {
            assert!(!body.contains(hidden), "{hidden} is in {body}");
        }
    }
}

#[test]
fn no_span_shows_in_the_log() {
    let receiver = OtlpReceiver::start();
    for (format, field) in [("text", "address="), ("json", "\"address\":\"")] {
        let app = App::start(
            &[],
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint),
                ("RUST_LOG", "trace"),
                ("APP_LOG__FORMAT", format),
            ],
        );
        let log = app.wait_for("listening");
        let (_, address) = log.rsplit_once(field).unwrap();
        let is_part = |c: &char| c.is_ascii_digit() || matches!(c, '.' | ':');
        let address: String = address.chars().take_while(is_part).collect();
        answer(&address, "/api/private", "unknown");
        let log = app.wait_for("denied");
        for hidden in ["request{", "otel", "\"span"] {
            assert!(!log.contains(hidden), "{log}");
        }
        end(app);
        assert_eq!(of_kind(&receiver.spans(), SpanKind::Server).len(), 1);
    }
}
