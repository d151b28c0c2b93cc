//! Tests of the webhook, in process and over a socket. `SIGNATURE` is the one that ZITADEL makes
//! for `BODY` with `KEY` at `TIME`.

use std::{
    fmt::Write as _,
    fs,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use adapters::{SystemClock, zitadel::SigningKeys};
use axum::body::Body;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tower::ServiceExt;
use tracing::{Event, Subscriber, field::Visit};
use tracing_subscriber::{Layer, layer::Context, prelude::*};
use zitadel_double::{NewEvent, Webhooks, ZitadelDouble};

use super::*;
use crate::{Config, metrics::Metrics};

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const OTHER_KEY: &str = "9876543210zyxwvutsrqponmlkjihgfedcba";
const TIME: u64 = 1_767_225_600;
const BODY: &str = r#"{"aggregateID":"340000000000000001","aggregateType":"user","event_type":"user.deactivated"}"#;
const SIGNATURE: &str =
    "t=1767225600,v1=fd93b4ddfddeb4c7a9fb09d54f877fb49325588ee8a96af412f81cfb3c4873a9";
const PATH: &str = "/zitadel/events";
const PATIENCE: Duration = Duration::from_secs(60);

struct At(u64);

impl Clock for At {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

fn webhook(directory: &TempDir, keys: &str) -> Webhook {
    let key_file = directory.path().join("key.txt");
    fs::write(&key_file, keys).unwrap();
    Webhook {
        listen: "127.0.0.1:0".parse().unwrap(),
        path: PATH.to_owned(),
        key_file,
        keys: SigningKeys::parse(keys).unwrap(),
    }
}

fn counting() -> (Ring, Arc<AtomicUsize>) {
    let rung = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&rung);
    let ring = move || {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    (Arc::new(ring), rung)
}

/// Webhook under test, called in process at a fixed time; `rung` counts the calls of its [`Ring`].
struct House {
    router: Router,
    keys: Arc<Keys>,
    rung: Arc<AtomicUsize>,
    metrics: Metrics,
    directory: TempDir,
    _tasks: JoinSet<()>,
}

impl House {
    fn new(now: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let metrics = Metrics::new();
        let door = metrics.scope(|| Door::new(webhook(&directory, KEY), Arc::new(At(now))));
        let (ring, rung) = counting();
        let mut tasks = JoinSet::new();
        tasks.spawn(ring_for_each(Arc::clone(&door.bell), ring));
        let keys = Arc::clone(&door.keys);
        Self { router: router(door), keys, rung, metrics, directory, _tasks: tasks }
    }

    async fn answer(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn status(&self, request: Request) -> u16 {
        self.answer(request).await.status().as_u16()
    }

    async fn deliver(&self) -> u16 {
        self.status(delivery(SIGNATURE, BODY)).await
    }

    /// Waits for a minute of paused time, longer than any call of [`Ring`] is delayed, and returns
    /// the number of calls so far.
    async fn rung(&self) -> usize {
        sleep(Duration::from_secs(60)).await;
        self.rung.load(Ordering::Relaxed)
    }

    fn counted(&self, result: &str) -> usize {
        let metrics = self.metrics.render();
        let name = format!("webhook_deliveries_total{{result=\"{result}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("{name} is not in {metrics}")).parse().unwrap()
    }
}

fn delivery(signature: &str, body: impl Into<Body>) -> Request {
    Request::post(PATH).header("Zitadel-Signature", signature).body(body.into()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_signed_delivery_rings_and_is_answered_without_a_body() {
    let house = House::new(TIME);
    let answer = house.answer(delivery(SIGNATURE, BODY)).await;
    assert_eq!(answer.status(), 204);
    assert!(axum::body::to_bytes(answer.into_body(), 1).await.unwrap().is_empty());
    assert_eq!((house.rung().await, house.counted("rung"), house.counted("refused")), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_forged_late_or_early_rings_nothing() {
    let forged = SIGNATURE.replace("fd93", "fd94");
    for (now, signature, body) in [
        (TIME, forged.as_str(), BODY),
        (TIME, SIGNATURE, "{}"),
        (TIME, "", BODY),
        (TIME, "t=1767225600", BODY),
        (TIME + 301, SIGNATURE, BODY),
        (TIME + 86_400, SIGNATURE, BODY),
        (TIME - 1, SIGNATURE, BODY),
    ] {
        let house = House::new(now);
        let answer = house.answer(delivery(signature, body.to_owned())).await;
        assert_eq!(answer.status(), 401, "{now} {signature}");
        assert!(axum::body::to_bytes(answer.into_body(), 1).await.unwrap().is_empty());
        assert_eq!((house.rung().await, house.counted("refused")), (0, 1), "{now} {signature}");
    }
    let house = House::new(TIME);
    let unsigned = Request::post(PATH).body(BODY.into()).unwrap();
    assert_eq!(house.status(unsigned).await, 401);
    let mut twice = delivery(SIGNATURE, BODY);
    twice.headers_mut().append("zitadel-signature", SIGNATURE.parse().unwrap());
    assert_eq!(house.status(twice).await, 401);
    assert_eq!(house.rung().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_replayed_delivery_only_rings_again() {
    let house = House::new(TIME + 300);
    assert_eq!(house.deliver().await, 204);
    assert_eq!(house.rung().await, 1);
    assert_eq!(house.deliver().await, 204);
    assert_eq!(house.rung().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_deliveries_rings_ten_times_a_second_and_none_is_forgotten() {
    let house = House::new(TIME);
    for _ in 0..1_000 {
        assert_eq!(house.deliver().await, 204);
        sleep(Duration::from_millis(1)).await;
    }
    let rung = house.rung().await;
    assert!((10..=11).contains(&rung), "{rung}");
    // Deliveries within one pause ring once more, at its end.
    for _ in 0..3 {
        house.deliver().await;
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(house.rung().await, rung + 2);
}

#[tokio::test(start_paused = true)]
async fn other_paths_and_methods_and_long_bodies_are_refused() {
    let house = House::new(TIME);
    for path in ["/", "/zitadel", "/zitadel/events/", "/zitadel/eventS", "/metrics"] {
        let request = Request::post(path).header("Zitadel-Signature", SIGNATURE);
        assert_eq!(house.status(request.body(BODY.into()).unwrap()).await, 404, "{path}");
    }
    for method in ["GET", "PUT", "HEAD", "OPTIONS", "DELETE", "RING"] {
        let request = Request::builder().uri(PATH).method(method).body(BODY.into()).unwrap();
        let answer = house.answer(request).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[ALLOW]),
            (405, &"POST".parse().unwrap())
        );
    }
    let longest = "a".repeat(MAX_BODY);
    assert_eq!(house.status(delivery(SIGNATURE, longest.clone())).await, 401);
    assert_eq!(house.status(delivery(SIGNATURE, longest + "a")).await, 413);
    let request = Request::post(format!("{PATH}?x=y")).header("Zitadel-Signature", SIGNATURE);
    assert_eq!(house.status(request.body(BODY.into()).unwrap()).await, 204);
}

#[tokio::test]
async fn a_key_is_replaced_while_deliveries_arrive_and_a_broken_file_changes_nothing() {
    let house = House::new(TIME);
    let path = house.directory.path().join("key.txt");
    tokio::time::pause();
    let following = tokio::spawn(Arc::clone(&house.keys).follow());
    for (content, expected) in [
        (format!("{OTHER_KEY}\n{KEY}\n"), 204),
        (OTHER_KEY.to_owned(), 401),
        ("short".to_owned(), 401),
        (KEY.to_owned(), 204),
        (String::new(), 204),
        (format!("{KEY}\n{KEY}\n{OTHER_KEY}"), 204),
    ] {
        fs::write(&path, &content).unwrap();
        // A thread reads the file, which takes real time and not the paused clock's.
        let keys = SigningKeys::parse(&content).ok();
        let is_taken = || keys.as_ref().is_none_or(|keys| *keys == *house.keys.current());
        for look in 0..100 {
            sleep(Duration::from_secs(5)).await;
            std::thread::sleep(Duration::from_millis(1));
            if is_taken() && look > 3 {
                break;
            }
        }
        assert_eq!(house.deliver().await, expected, "{content:?}");
    }
    fs::remove_file(&path).unwrap();
    sleep(Duration::from_secs(20)).await;
    assert_eq!(house.deliver().await, 204);
    following.abort();
}

/// Layer that keeps each log event as a text.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                let _ = write!(self.0, "{field}={value:?} ");
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_refused_deliveries_is_summed_up_once_a_minute_with_the_remedy() {
    let seen = Seen::default();
    let _guard =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    let house = House::new(TIME);
    let late = House::new(TIME + 301);
    for _ in 0..100 {
        house.status(delivery(SIGNATURE, "top-secret")).await;
        late.deliver().await;
    }
    sleep(Duration::from_secs(61)).await;
    house.status(delivery(SIGNATURE, "top-secret")).await;
    let events = seen.0.lock().unwrap().clone();
    assert_eq!(events.len(), 3, "{events:?}");
    for (event, expected) in events.iter().zip([
        ["unknown_key", "deliveries=1 ", "changes.webhook.key_file"],
        ["old", "deliveries=1 ", "clock"],
        ["unknown_key", "deliveries=100 ", "the target's signingKey"],
    ]) {
        assert!(expected.iter().all(|part| event.contains(part)), "{expected:?} {event}");
        assert!(!event.contains("top-secret") && !event.contains(KEY), "{event}");
    }
}

async fn over_a_socket(address: SocketAddr, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: api.example.com\r\nZitadel-Signature: {SIGNATURE}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len(),
    );
    stream.write_all((head + body).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn over_a_socket_it_rings_until_it_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("APP_INTROSPECTOR".to_owned(), "fake".to_owned())];
    let config = Config::read(variables.into(), directory.path()).unwrap();
    let (ring, rung) = counting();
    let clock = Arc::new(At(TIME));
    let doorbell = serve(webhook(&directory, KEY), ring, clock, &config.server).unwrap();
    let address = doorbell.local_address;
    let scenario = async {
        let answer = over_a_socket(address, BODY).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        let answer = over_a_socket(address, "{}").await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        while rung.load(Ordering::Relaxed) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        drop(doorbell);
        while over_a_socket(address, BODY).await.is_ok_and(|answer| !answer.is_empty()) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, scenario).await.expect("it rings, and then it ends");
    assert_eq!(rung.load(Ordering::Relaxed), 1);
}

/// A delivery that `zitadel-double` sends over a socket causes a call of [`Ring`], even if sent
/// twice or late.
#[tokio::test]
async fn the_webhook_of_a_server_rings_however_often_it_is_delivered() {
    let double = ZitadelDouble::start().await;
    let listener = listen_on("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    let key = double.add_webhook(&url, ["user.locked"]);
    let directory = tempfile::tempdir().unwrap();
    let variables = [("APP_INTROSPECTOR".to_owned(), "fake".to_owned())];
    let config = Config::read(variables.into(), directory.path()).unwrap();
    let metrics = Metrics::new();
    let door = Door::new(webhook(&directory, &key), Arc::new(SystemClock));
    let (ring, rung) = counting();
    let mut tasks = JoinSet::new();
    tasks.spawn(ring_for_each(Arc::clone(&door.bell), ring));
    tasks.spawn(
        metrics.scope(|| {
            serve_aside(listener, ("webhook", CONNECTIONS), router(door), &config.server)
        }),
    );
    for fate in [Webhooks::Deliver, Webhooks::Twice, Webhooks::Late(Duration::from_millis(50))] {
        let before = rung.load(Ordering::Relaxed);
        double.set_webhooks(fate);
        let user = NewEvent::new("user", "1", "user.locked", "340000000000000200");
        double.write_event(user);
        let rings = async {
            while rung.load(Ordering::Relaxed) == before {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, rings).await.expect("a ring");
    }
}
