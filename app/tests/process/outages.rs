//! Tests with many callers while ZITADEL is down.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use zitadel_double::{Listening, NewUser, ZitadelDouble};

use crate::{
    asking,
    child::{App, PATIENCE},
};

const CALLERS: usize = 32;
/// Number of consecutive failed introspections that open the circuit breaker.
const OUTAGES_THAT_OPEN: usize = 5;
const PROBE_INTERVAL: Duration = Duration::from_millis(500);
/// Maximum growth of the app's memory from the first second of an outage to its end.
const MORE_MEMORY_KIB: u64 = 4 * 1024;
/// Maximum time from the end of ZITADEL's outage to the first accepted request.
const RETURN: Duration = Duration::from_secs(1);
/// Latency (99th percentile) that is accepted of the private route even if it is more than three
/// times the public route's: a busy machine may add as much.
const NOISE: Duration = Duration::from_millis(2);

/// Returns the length of the outage: 3 s, or the seconds in the environment variable `OUTAGE_SECS`
/// (at least 2).
fn length_of_outage() -> Duration {
    let seconds = std::env::var("OUTAGE_SECS").ok().map_or(3, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds).max(Duration::from_secs(2))
}

/// Caller that requests a private and a public route in turn.
struct Caller {
    client: Client,
    origin: String,
    token: String,
}

#[derive(Default)]
struct Latencies {
    private: Vec<Duration>,
    public: Vec<Duration>,
}

impl Caller {
    async fn get(&self, path: &str) -> (StatusCode, Duration) {
        let request = self.client.get(format!("{}{path}", self.origin)).bearer_auth(&self.token);
        let asked = Instant::now();
        let response = request.send().await.unwrap();
        let status = response.status();
        response.bytes().await.unwrap();
        (status, asked.elapsed())
    }

    /// Repeats requests until the private route lets the caller in. Returns the latencies of the
    /// requests before that, and the time when it was let in.
    async fn goes_on_asking(self) -> (Latencies, Instant) {
        let mut latencies = Latencies::default();
        loop {
            let (status, latency) = self.get("/api/private").await;
            if status == StatusCode::OK {
                return (latencies, Instant::now());
            }
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            latencies.private.push(latency);
            let (status, latency) = self.get("/api/public").await;
            assert_eq!(status, StatusCode::OK);
            latencies.public.push(latency);
        }
    }
}

fn p99(mut latencies: Vec<Duration>) -> Duration {
    latencies.sort_unstable();
    latencies[latencies.len() * 99 / 100]
}

async fn is_borne(outage: Listening) {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    let secret = double.client_secret();
    let environment =
        [&asking(&double, &secret)[..], &[("APP_ZITADEL__TIMEOUT", "200ms")]].concat();
    let app = App::start(&[], &environment);
    let origin = format!("http://{}", app.address());
    let client = Client::builder().no_proxy().build().unwrap();
    let caller = || {
        let (client, origin, token) = (client.clone(), origin.clone(), double.pat(&user));
        Caller { client, origin, token }
    };
    // On a busy machine even an immediate response may arrive too late.
    let mut asked = 1;
    while caller().get("/api/private").await.0 != StatusCode::OK {
        asked += 1;
        assert!(asked < 100, "nobody is let in although nothing is wrong");
    }
    let (beginning, connections) = (Instant::now(), double.connections());
    double.set_listening(outage).await;
    for _ in 0..OUTAGES_THAT_OPEN {
        assert_eq!(caller().get("/api/private").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(caller().goes_on_asking());
    }
    sleep(Duration::from_secs(1)).await;
    let first_second = app.resident_kib();
    sleep(length_of_outage().saturating_sub(Duration::from_secs(1))).await;
    let last_second = app.resident_kib();
    // Each call opens a connection of its own.
    let asked = double.connections() - connections;
    let probes = beginning.elapsed().as_millis() / PROBE_INTERVAL.as_millis();
    let allowed = usize::try_from(probes).unwrap() + OUTAGES_THAT_OPEN + 1;
    assert!(asked <= allowed, "{outage:?}: asked {asked} times, not {allowed}");
    let order = Instant::now();
    double.listen_again().await;
    let return_of_zitadel = Instant::now();

    let callers = timeout(PATIENCE, callers.join_all()).await.unwrap();
    let first_let_in = callers.iter().map(|(_, let_in)| *let_in).min().unwrap();
    assert!(first_let_in >= order, "{outage:?}: let in while it is down");
    let waited = first_let_in.saturating_duration_since(return_of_zitadel);
    assert!(waited <= RETURN, "{outage:?}: nobody is let in for {waited:?}");
    let (private, public): (Vec<_>, Vec<_>) =
        callers.into_iter().map(|(latencies, _)| (latencies.private, latencies.public)).unzip();
    let (private, public) = (p99(private.concat()), p99(public.concat()));
    assert!(private <= (3 * public).max(NOISE), "{outage:?}: {private:?}, public {public:?}");
    assert!(
        last_second <= first_second.map(|kib| kib + MORE_MEMORY_KIB),
        "{outage:?}: {first_second:?} KiB, then {last_second:?} KiB",
    );
    app.signal("TERM");
    let (status, log) = app.end();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("circuit_open"), "{outage:?}: the breaker is closed\n{log}");
}

#[tokio::test]
async fn while_zitadel_refuses_connections_all_are_told_at_once_and_let_in_when_it_is_back() {
    is_borne(Listening::Refusing).await;
}

#[tokio::test]
async fn while_zitadel_is_silent_all_are_told_at_once_and_let_in_when_it_is_back() {
    is_borne(Listening::Silent).await;
}
