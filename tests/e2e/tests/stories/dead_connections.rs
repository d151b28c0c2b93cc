//! A connection to ZITADEL that stops responding is noticed and replaced.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Version;
use tests::{Api, Environment, with_client_secret};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::Instant,
};
use zitadel_double::{Fault, Gate, NewUser, Times, ZitadelDouble};

/// Forwards bytes between the API and the double. On command, current connections stay open but
/// forward nothing more.
struct Tunnel {
    address: SocketAddr,
    freeze: watch::Sender<usize>,
    accepted: Arc<AtomicUsize>,
}

impl Tunnel {
    async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (freeze, frozen) = watch::channel(0);
        let accepted = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let mut frozen = frozen.clone();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        () = async { drop(frozen.wait_for(|frozen| number <= *frozen).await) } => {
                            // Open and silent; the kernel still acknowledges bytes.
                            std::future::pending::<()>().await;
                        }
                    }
                });
            }
        });
        Self { address, freeze, accepted }
    }

    fn freeze(&self) {
        self.freeze.send_replace(self.accepted.load(Ordering::SeqCst));
    }
}

/// Returns an API that has called the double once, and an accepted token.
async fn connected(double: &ZitadelDouble, environment: Environment) -> (Api, String) {
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    let mut environment = environment.with("APP_ZITADEL__TIMEOUT", "1s");
    if let Some(pem) = double.ca_pem() {
        std::fs::write(ca_file.path(), pem).unwrap();
        environment = environment.with("APP_ZITADEL__CA_FILE", ca_file.path().to_str().unwrap());
    }
    let api = Api::start(environment).await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    (api, token)
}

/// Asserts that one request fails on the dead connection, and the next opens a new one.
async fn costs_one_request(api: &Api, token: &str) {
    assert_eq!(api.get("/api/private", token).await.status, 503, "the connection is dead");
    assert_eq!(api.get("/api/private", token).await.status, 200, "it is not replaced");
}

#[tokio::test]
async fn a_dead_connection_costs_one_request_over_http_1() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let tunnel = Tunnel::to(double.addr()).await;
    let connect_to = format!("http://{}", tunnel.address);
    let environment = with_client_secret(&double).with("APP_ZITADEL__CONNECT_TO", &connect_to);
    let (api, token) = connected(&double, environment).await;
    tunnel.freeze();
    costs_one_request(&api, &token).await;
}

#[tokio::test]
async fn a_dead_connection_costs_one_request_over_http_2() {
    let double = ZitadelDouble::builder()
        .issuer("https://auth.example.test")
        .tls(["auth.example.test"])
        .start()
        .await;
    let tunnel = Tunnel::to(double.addr()).await;
    let connect_to = format!("https://{}", tunnel.address);
    let environment = with_client_secret(&double).with("APP_ZITADEL__CONNECT_TO", &connect_to);
    let (api, token) = connected(&double, environment).await;
    tunnel.freeze();
    costs_one_request(&api, &token).await;
}

#[tokio::test]
async fn a_connection_that_answers_pings_alone_costs_one_request() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let (api, token) = connected(&double, with_client_secret(&double)).await;
    double.stick_connections();
    costs_one_request(&api, &token).await;
    assert_eq!(double.requests().pop().unwrap().version, Version::HTTP_2);
}

// As with a NAT that has forgotten the connections of a busy hour.
#[tokio::test]
async fn many_idle_connections_that_died_cost_one_request() {
    let double = ZitadelDouble::start().await;
    let (api, token) = connected(&double, with_client_secret(&double)).await;
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::Next(8));
    let asked = double.introspections();
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let user = double.pat(&double.add_user(NewUser::service("one of eight")));
        let request = api.client().get(api.url("/api/private")).bearer_auth(user);
        callers.spawn(async move { request.send().await.unwrap().status() });
    }
    double.wait_for_introspections(asked + 8).await;
    gate.open();
    assert_eq!(callers.join_all().await, [200; 8]);
    double.stick_connections();
    costs_one_request(&api, &token).await;
}

// A slow introspection does not mean a dead connection while it carries other responses.
#[tokio::test]
async fn a_connection_over_which_others_are_answered_is_kept() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let (api, token) = connected(&double, with_client_secret(&double)).await;
    let slow = double.pat(&double.add_user(NewUser::service("slow")));
    let asked = double.introspections();
    double.introspection_fault(Fault::Stall, Times::Once);
    let request = api.client().get(api.url("/api/private")).bearer_auth(slow);
    let waiting = tokio::spawn(request.send());
    double.wait_for_introspections(asked + 1).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    assert_eq!(waiting.await.unwrap().unwrap().status(), 503);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    assert_eq!(double.connections(), 1);
}

// The breaker probes every half second, and callers get 503 at once: without a bound that would be
// hundreds of connections.
#[tokio::test]
async fn a_zitadel_that_answers_too_late_gets_no_storm_of_connections() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let environment = with_client_secret(&double);
    let (api, token) = connected(&double, environment).await;
    double.introspection_fault(Fault::Stall, Times::UntilCleared);
    let began = Instant::now();
    let mut asked = 0;
    while double.introspections() < 6 {
        assert!(began.elapsed() < Duration::from_secs(60), "it is asked {asked} times only");
        assert_eq!(api.get("/api/private", &token).await.status, 503);
        asked += 1;
    }
    // The first one, one for the first timeout, and one per five seconds.
    let allowed = 2 + usize::try_from(began.elapsed().as_secs() / 5).unwrap();
    assert!(double.connections() <= allowed, "{} of {allowed}", double.connections());
}

// Earlier introspections are answered, although their connection gets no new ones.
#[tokio::test]
async fn questions_under_way_finish_over_the_old_connections() {
    let double = ZitadelDouble::start().await;
    let (api, token) = connected(&double, with_client_secret(&double)).await;
    let gate = Gate::closed();
    let asked = double.introspections();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::Once);
    let old = double.pat(&double.add_user(NewUser::service("old")));
    let request = api.client().get(api.url("/api/private")).bearer_auth(old);
    let waiting = tokio::spawn(request.send());
    double.wait_for_introspections(asked + 1).await;
    double.introspection_fault(Fault::ResetBeforeAnswer, Times::Next(2));
    assert_eq!(api.get("/api/private", &token).await.status, 503, "both attempts are reset");
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    gate.open();
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
}
