use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::to_bytes,
    http::{HeaderMap, HeaderValue, header::HeaderName},
};
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;

/// Step of a test body: a wait in milliseconds, and the text of the frame that follows.
type Step = (u64, &'static str);

const EVENT_STREAM: &[(HeaderName, &str)] = &[(CONTENT_TYPE, "text/event-stream")];
const PLAIN: &[(HeaderName, &str)] = &[(CONTENT_TYPE, "text/plain")];

/// Makes a body that performs `steps`, and then ends or (`then_hangs`) stays open. `alive` counts
/// bodies not yet dropped.
fn body(steps: &'static [Step], then_hangs: bool, alive: &Arc<AtomicUsize>) -> Body {
    struct Alive(Arc<AtomicUsize>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    alive.fetch_add(1, Ordering::Relaxed);
    let state = (steps.iter(), Alive(Arc::clone(alive)));
    Body::from_stream(stream::unfold(state, move |(mut steps, alive)| async move {
        let Some((wait, frame)) = steps.next() else {
            if then_hangs {
                std::future::pending::<()>().await;
            }
            return None;
        };
        // A timer of 0 ms fires after 1 ms.
        if *wait > 0 {
            sleep(Duration::from_millis(*wait)).await;
        }
        Some((Ok::<_, axum::Error>(Bytes::from_static(frame.as_bytes())), (steps, alive)))
    }))
}

fn guarded(
    headers: &[(HeaderName, &'static str)],
    body: Body,
    ended: impl Future<Output = Ended> + Send + 'static,
) -> Body {
    let mut response = Response::new(body);
    for (name, value) in headers {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    until_ended(response, ended).into_body()
}

async fn after(milliseconds: u64, ended: Ended) -> Ended {
    sleep(Duration::from_millis(milliseconds)).await;
    ended
}

/// Reads a body. Returns its text, how the body ended, and the milliseconds until then.
async fn read(body: Body) -> (String, &'static str, u128) {
    let begin = Instant::now();
    let mut text = String::new();
    let mut body = body;
    let end = loop {
        match tokio::time::timeout(Duration::from_secs(10), body.frame()).await {
            Err(_) => break "open",
            Ok(None) => break "complete",
            Ok(Some(Err(error))) => {
                break error.into_inner().downcast::<Ended>().unwrap().as_str();
            }
            Ok(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap();
                text.push_str(std::str::from_utf8(&data).unwrap());
            }
        }
    };
    if end != "open" {
        assert!(body.is_end_stream(), "a body that is over says so");
        assert!(body.frame().await.is_none(), "nothing follows the end");
    }
    (text, end, begin.elapsed().as_millis())
}

struct Case {
    headers: &'static [(HeaderName, &'static str)],
    steps: &'static [Step],
    ended: (u64, Ended),
    text: &'static str,
    end: &'static str,
    at: u128,
}

async fn check(case: Case) {
    let alive = Arc::default();
    let body =
        guarded(case.headers, body(case.steps, true, &alive), after(case.ended.0, case.ended.1));
    let (text, end, at) = read(body).await;
    assert_eq!((&*text, end, at), (case.text, case.end, case.at), "{:?}", case.steps);
    assert_eq!(alive.load(Ordering::Relaxed), 0, "the service's body is gone");
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_ends_between_two_events() {
    for ended in [Ended::Expired, Ended::Revoked, Ended::TooLong, Ended::Stopping] {
        check(Case {
            headers: EVENT_STREAM,
            steps: &[(0, "data: 1\n\n"), (10, "data: 2\n\n")],
            ended: (1000, ended),
            text: "data: 1\n\ndata: 2\n\n",
            end: "complete",
            at: 1250,
        })
        .await;
    }
    // An event within 250 ms after the end is sent.
    check(Case {
        headers: EVENT_STREAM,
        steps: &[(0, "data: 1\n\n"), (1200, "data: 2\n\n"), (100, "data: 3\n\n")],
        ended: (1000, Ended::Expired),
        text: "data: 1\n\ndata: 2\n\n",
        end: "complete",
        at: 1250,
    })
    .await;
    check(Case {
        headers: EVENT_STREAM,
        steps: &[],
        ended: (0, Ended::Revoked),
        text: "",
        end: "complete",
        at: 250,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_has_begun_may_end_but_not_for_long() {
    // The event ends within a frame, whose rest is cut off.
    check(Case {
        headers: EVENT_STREAM,
        steps: &[(0, "data: "), (1300, "a"), (100, "b\n\ndata: 2\n\ndata: 3")],
        ended: (1000, Ended::Expired),
        text: "data: ab\n\n",
        end: "complete",
        at: 1400,
    })
    .await;
    check(Case {
        headers: EVENT_STREAM,
        steps: &[(0, "data: 1\n\ndata: "), (1300, "a\n")],
        ended: (1000, Ended::Expired),
        text: "data: 1\n\ndata: a\n",
        end: "expired",
        at: 1500,
    })
    .await;
    check(Case {
        headers: EVENT_STREAM,
        steps: &[(0, "data: 1")],
        ended: (1000, Ended::Stopping),
        text: "data: 1",
        end: "stopping",
        at: 1500,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn any_other_body_ends_by_an_error() {
    let others: [&[(HeaderName, &str)]; 6] = [
        PLAIN,
        &[],
        &[(CONTENT_TYPE, "text/event-streams")],
        &[(CONTENT_TYPE, "application/json; x=text/event-stream")],
        &[(CONTENT_TYPE, "text/event-stream"), (CONTENT_ENCODING, "gzip")],
        &[(CONTENT_TYPE, "text/event-stream"), (CONTENT_LENGTH, "1000")],
    ];
    for headers in others {
        let steps = &[(0, "data: 1\n\n"), (1100, "data: 2\n\n"), (200, "data: 3\n\n")];
        let (text, at) = ("data: 1\n\ndata: 2\n\n", 1250);
        let ended = (1000, Ended::Revoked);
        check(Case { headers, steps, ended, text, end: "revoked", at }).await;
    }
}

/// Body that announces 9 bytes and never sends a frame.
struct Promised;

impl http_body::Body for Promised {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(9)
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_of_a_known_length_is_incomplete_before_it() {
    let body = guarded(EVENT_STREAM, Body::new(Promised), after(1000, Ended::Expired));
    assert_eq!(read(body).await, (String::new(), "expired", 1250));
}

#[tokio::test(start_paused = true)]
async fn the_media_type_has_parameters_and_either_case() {
    for value in ["Text/Event-Stream", "text/event-stream; charset=utf-8", "text/event-stream;x"] {
        let alive = Arc::default();
        let headers = &[(CONTENT_TYPE, value)];
        let body =
            guarded(headers, body(&[(0, "data: 1\n\n")], true, &alive), after(0, Ended::Expired));
        assert_eq!(read(body).await.1, "complete", "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_other_bodies_to_the_server() {
    let alive = Arc::default();
    let steps = &[(0, "a"), (2000, "b"), (2000, "c")];
    let body = guarded(PLAIN, body(steps, false, &alive), after(1000, Ended::Stopping));
    assert_eq!(read(body).await, ("abc".to_owned(), "complete", 4000));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_ends_by_itself_in_time_is_complete() {
    for headers in [PLAIN, EVENT_STREAM] {
        let alive = Arc::default();
        let body = guarded(
            headers,
            body(&[(0, "a"), (1200, "b")], false, &alive),
            after(1000, Ended::Expired),
        );
        assert_eq!(read(body).await, ("ab".to_owned(), "complete", 1200));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_always_has_another_frame_is_cut_too() {
    let frames = stream::repeat_with(|| Ok::<_, axum::Error>(Bytes::from_static(b"data: 1\n\n")));
    for (headers, end) in [(PLAIN, "expired"), (EVENT_STREAM, "complete")] {
        let mut body =
            guarded(headers, Body::from_stream(frames.clone()), after(1000, Ended::Expired));
        // Time stands still while frames come.
        for _ in 0..100 {
            body.frame().await.unwrap().unwrap();
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        body.frame().await.unwrap().unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(read(body).await.1, end);
    }
}

#[tokio::test(start_paused = true)]
async fn frames_trailers_and_errors_pass_untouched() {
    let trailers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("a"))]);
    let frames = [Frame::data(Bytes::from_static(b"a")), Frame::trailers(trailers.clone())];
    let frames = stream::iter(frames.map(Ok::<_, axum::Error>));
    let body = guarded(EVENT_STREAM, Body::new(StreamBody::new(frames)), std::future::pending());
    let collected = body.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    assert_eq!(collected.to_bytes(), "a");

    let failing = || {
        let frames = [Err::<Bytes, _>(std::io::Error::other("the disk is gone"))];
        Body::from_stream(stream::iter(frames))
    };
    let bare = failing().frame().await.unwrap().unwrap_err();
    let mut body = guarded(PLAIN, failing(), std::future::pending());
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!(format!("{error:?}"), format!("{bare:?}"));
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_length_of_an_answer_stays_known_and_a_complete_one_never_asks_for_the_end() {
    for text in ["", "an answer"] {
        let mut body = guarded(PLAIN, Body::from(text), async { panic!("it was polled") });
        assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
        assert_eq!(body.is_end_stream(), text.is_empty());
        if !text.is_empty() {
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), text);
        }
        assert!(body.is_end_stream());
    }
}

#[test]
fn an_empty_answer_lets_go_of_the_end_at_once() {
    let (end, ended) = tokio::sync::oneshot::channel();
    let body = guarded(PLAIN, Body::empty(), async { ended.await.unwrap() });
    assert!(end.is_closed());
    assert!(body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn the_end_wakes_a_body_that_waits() {
    let alive = Arc::default();
    let (end, ended) = tokio::sync::oneshot::channel();
    let body = guarded(PLAIN, body(&[], true, &alive), async { ended.await.unwrap() });
    let reader = tokio::spawn(to_bytes(body, 10));
    tokio::task::yield_now().await;
    assert_eq!(alive.load(Ordering::Relaxed), 1);
    end.send(Ended::Revoked).unwrap();
    reader.await.unwrap().unwrap_err();
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

/// Checks a body whose permit ends after `at` milliseconds. It ends at most 250 ms later (an event
/// stream 500 ms). It looks complete only if the service ended it, or if it is an event stream
/// between two events.
async fn check_laws(is_events: bool, steps: &'static [Step], then_hangs: bool, at: u64) {
    let headers = if is_events { EVENT_STREAM } else { PLAIN };
    let alive = Arc::default();
    let body = guarded(headers, body(steps, then_hangs, &alive), after(at, Ended::Expired));
    let (sent, end, took) = read(body).await;
    let whole: String = steps.iter().map(|(_, frame)| *frame).collect();
    let (last_words, last_event) = (u128::from(at) + 250, u128::from(at) + 500);
    let mut boundary = EventBoundary::new();
    boundary.pass(sent.as_bytes());
    let is_between = is_events && boundary.is_between_events();
    let ended_by_itself = !then_hangs && sent == whole;

    assert!(whole.starts_with(&sent));
    assert!(took <= if is_events { last_event } else { last_words });
    let is_right = match end {
        "complete" => ended_by_itself || is_between && took >= last_words,
        "expired" => !is_between && took == if is_events { last_event } else { last_words },
        _ => false,
    };
    assert!(is_right, "{end}");
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

const FRAMES: [&str; 10] =
    ["", "a", "\n", "\r", "\r\n", "a\n", "a\n\n", "\n\na", "\r\n\r\na", "a\r"];

proptest! {
    #[test]
    fn every_body_ends_in_time_and_never_looks_complete_where_it_is_not(
        is_events: bool,
        steps in prop::collection::vec((0..400_u64, prop::sample::select(&FRAMES)), 0..12),
        then_hangs: bool,
        at in 0..1500_u64,
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(check_laws(is_events, steps.leak(), then_hangs, at));
    }
}
