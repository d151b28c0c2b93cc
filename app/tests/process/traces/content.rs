//! Tests of the content of spans, and of values that they must never contain.

use opentelemetry_proto::tonic::trace::v1::{Status, span::SpanKind, status::StatusCode};
use zitadel_double::{Fault, NewUser, Times};

use super::{
    ENDPOINT, Traced, ask_with, end, is_answered, of_kind,
    receiver::{Export, OtlpReceiver, number, text},
};
use crate::{answer, child::App};

#[tokio::test]
async fn a_span_says_how_the_question_ended() {
    let traced = Traced::start(&[]).await;
    let token = traced.double.pat(&traced.double.add_user(NewUser::service("svc")));
    let address = traced.app.address();
    is_answered(ask_with(&address, &token, ""), "200");
    is_answered(ask_with(&address, "unknown", ""), "401");
    traced.double.introspection_fault(Fault::InternalServerError, Times::Once);
    is_answered(ask_with(&address, "unknown", ""), "503");
    let (_, spans) = traced.spans();
    let found = of_kind(&spans, SpanKind::Client).into_iter().map(|span| {
        assert_eq!(span.name, "introspection");
        let [result, reason] = ["result", "reason"].map(|key| text(&span.attributes, key));
        let known = usize::from(result.is_some()) + usize::from(reason.is_some());
        assert_eq!(span.attributes.len(), known, "{span:?}");
        let status = span.status.as_ref().map_or(StatusCode::Unset, Status::code);
        (result, reason, status)
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (Some("active"), None, StatusCode::Unset),
            (Some("inactive"), None, StatusCode::Unset),
            (Some("fault"), Some("server_error"), StatusCode::Error),
        ]
    );
}

#[tokio::test]
async fn a_span_says_how_the_request_ended() {
    let traced = Traced::start(&[]).await;
    let address = traced.app.address();
    traced.double.introspection_fault(Fault::InternalServerError, Times::Once);
    is_answered(ask_with(&address, "unknown", "X-Request-Id: id-1\r\n"), "503");
    is_answered(ask_with(&address, "unknown", "X-Request-Id: id-2\r\n"), "401");
    let (_, spans) = traced.spans();
    let found = of_kind(&spans, SpanKind::Server).into_iter().map(|span| {
        assert_eq!((&*span.name, span.attributes.len()), ("GET /api/private", 5));
        assert_eq!(text(&span.attributes, "http.request.method"), Some("GET"));
        assert_eq!(text(&span.attributes, "http.route"), Some("/api/private"));
        let [id, reason] = ["request_id", "reason"].map(|key| text(&span.attributes, key).unwrap());
        let status = number(&span.attributes, "http.response.status_code").unwrap();
        (id, reason, status, span.status.as_ref().map_or(StatusCode::Unset, Status::code))
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            ("id-1", "server_error", 503, StatusCode::Error),
            ("id-2", "inactive", 401, StatusCode::Unset),
        ]
    );
}

#[tokio::test]
async fn neither_tokens_nor_secrets_nor_paths_are_exported() {
    let more = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer collectors-secret"),
        ("RUST_LOG", "trace"),
    ];
    let traced = Traced::start(&more).await;
    let token = traced.double.pat(&traced.double.add_user(NewUser::service("svc")));
    let secret = traced.double.client_secret();
    let mut log = traced.app.wait_for("Listening on http://");
    let address = log.trim_end().rsplit("http://").next().unwrap().to_owned();
    for token in [&*token, "unknown-token", "no token"] {
        for path in ["/api/private", "/api/private?query-of-a-path", "/a/path-of-ones-own"] {
            answer(&address, path, token);
        }
    }
    traced.double.introspection_fault(Fault::DatabaseDown, Times::Once);
    answer(&address, "/api/private", "another-token");
    log += &end(traced.app);
    assert!(log.contains("TRACE") && log.contains("denied"), "{log}");
    // Whatever libraries log at that level, these must not appear.
    for hidden in [&*token, &*secret, "-token", "no token", "collectors-secret"] {
        assert!(!log.contains(hidden), "{hidden} is in {log}");
    }
    let exports = traced.receiver.everything();
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
fn the_standard_variables_mean_what_they_mean_elsewhere() {
    let resource = |more: &[(&str, &str)]| {
        let receiver = OtlpReceiver::start();
        let endpoint = format!("{}/at/all", receiver.endpoint);
        let variables = [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*endpoint),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=blue"),
        ];
        let app = App::start(&[], &[&variables, more].concat());
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

#[test]
fn no_span_shows_in_the_log() {
    for (format, field) in [("text", "address="), ("json", "\"address\":\"")] {
        let receiver = OtlpReceiver::start();
        let app = App::start(
            &[],
            &[(ENDPOINT, &receiver.endpoint), ("RUST_LOG", "trace"), ("APP_LOG__FORMAT", format)],
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
        assert!(!receiver.everything().is_empty());
    }
}
