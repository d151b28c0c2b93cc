//! Tests that a trace is propagated from the caller to the request to ZITADEL.

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use zitadel_double::{Fault, Gate, NewUser, Times, ZitadelDouble};

use super::{TRACE, TRACE_PARENT, Traced, ask_with, hex, is_answered, of_kind};
use crate::answer;

/// Returns the header's value in each request that ZITADEL received, or `None`.
fn seen(double: &ZitadelDouble, header: &str) -> Vec<Option<String>> {
    double.requests().iter().map(|request| request.header(header).map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_trace_goes_from_the_caller_through_the_request_on_to_zitadel() {
    let traced = Traced::start(&[]).await;
    let token = traced.double.pat(&traced.double.add_user(NewUser::service("svc")));
    let headers =
        format!("traceparent: {TRACE_PARENT}\r\ntracestate: vendor=x\r\nbaggage: user=ada\r\n");
    is_answered(ask_with(&traced.app.address(), &token, &headers), "200");
    let (double, spans) = traced.spans();

    let [request] = of_kind(&spans, SpanKind::Server)[..] else { panic!("{spans:?}") };
    let [introspection] = of_kind(&spans, SpanKind::Client)[..] else { panic!("{spans:?}") };
    for span in [request, introspection] {
        assert_eq!(hex(&span.trace_id), TRACE);
        assert!(span.trace_state.is_empty() && span.events.is_empty(), "{span:?}");
    }
    assert_eq!(hex(&request.parent_span_id), "b7ad6b7169203331");
    assert_eq!(introspection.parent_span_id, request.span_id);

    let ours = format!("00-{TRACE}-{}-01", hex(&introspection.span_id));
    let trace_parents = seen(&double, "traceparent");
    assert!(!trace_parents.is_empty());
    assert!(trace_parents.iter().all(|seen| seen.as_ref() == Some(&ours)), "{trace_parents:?}");
    for foreign in ["tracestate", "baggage"] {
        assert!(seen(&double, foreign).iter().all(Option::is_none), "{foreign}");
    }
}

#[tokio::test]
async fn a_trace_parent_that_cannot_be_understood_is_as_none() {
    let traced = Traced::start(&[]).await;
    let address = traced.app.address();
    for headers in [
        String::new(),
        format!("traceparent: {TRACE_PARENT}\r\ntraceparent: {TRACE_PARENT}\r\n"),
        format!("traceparent: {}\r\n", TRACE_PARENT.to_uppercase()),
        format!("traceparent: {TRACE_PARENT}-more\r\n"),
        format!("traceparent: {TRACE_PARENT}-\r\n"),
        format!("traceparent: +0{}\r\n", &TRACE_PARENT[2..]),
        "traceparent: 00-1-1-01\r\n".to_owned(),
        format!("traceparent: 00-{}-b7ad6b7169203331-01\r\n", "0".repeat(32)),
        format!("tracestate: {TRACE_PARENT}\r\n"),
    ] {
        is_answered(ask_with(&address, "unknown", &headers), "401");
    }
    let (_, spans) = traced.spans();
    let requests = of_kind(&spans, SpanKind::Server);
    assert_eq!(requests.len(), 9);
    for span in requests {
        assert!(span.parent_span_id.is_empty() && hex(&span.trace_id) != TRACE, "{span:?}");
    }
}

#[tokio::test]
async fn what_is_not_sampled_is_not_sent_and_zitadel_is_told_so() {
    let of_caller = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-00\r\n");
    for (more, headers) in [(&[][..], &*of_caller), (&[("OTEL_TRACES_SAMPLER", "Always_off")], "")]
    {
        let traced = Traced::start(more).await;
        is_answered(ask_with(&traced.app.address(), "unknown", headers), "401");
        let (double, exports) = traced.end();
        assert!(exports.is_empty(), "{headers}");
        for seen in seen(&double, "traceparent") {
            let seen = seen.unwrap();
            assert!(seen.starts_with("00-") && seen.ends_with("-00"), "{seen}");
            assert_eq!(seen.contains(TRACE), !headers.is_empty(), "{seen}");
        }
    }
}

/// Polls the app's metrics until `expected` requests wait for an introspection that another request
/// started.
fn wait_until_joined(admin: &str, expected: usize) {
    let line = format!("token_introspection_coalesced_total {expected}\n");
    let joined = || answer(admin, "/metrics", "").contains(&line);
    assert!((0..100_000).any(|_| joined()), "not {expected} joined");
}

#[tokio::test]
async fn a_shared_question_has_one_span_to_which_the_other_requests_are_linked() {
    let traced = Traced::start(&[("APP_ADMIN__LISTEN", "127.0.0.1:0")]).await;
    let log = traced.app.wait_for("listening for operators");
    let admin = log.trim_end().rsplit("address=").next().unwrap().to_owned();
    let address = traced.app.address();
    // Until the app is ready it introspects a token of its own, which would be held as well.
    let is_ready = || answer(&admin, "/readyz", "").starts_with("HTTP/1.1 200");
    assert!((0..100_000).any(|_| is_ready()), "it is not ready");
    let asked = traced.double.introspections();
    let gate = Gate::closed();
    traced.double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let first = ask_with(&address, "unknown", &format!("traceparent: {TRACE_PARENT}\r\n"));
    traced.double.wait_for_introspections(asked + 1).await;
    let others: Vec<_> = (0..10).map(|_| ask_with(&address, "unknown", "")).collect();
    wait_until_joined(&admin, others.len());
    gate.open();
    for request in others.into_iter().chain([first]) {
        is_answered(request, "401");
    }

    let (_, spans) = traced.spans();
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
