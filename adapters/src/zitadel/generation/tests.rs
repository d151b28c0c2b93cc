//! Tests of the replacement of connections, with host names that the tests resolve.

use std::{fs, net::IpAddr, process::Command};

use domain::{AccessToken, TokenIntrospector};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tempfile::NamedTempFile;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{advance, pause, resume},
};
use zitadel_double::{
    DiscoveryFault, Fault, Listening, NewUser, RedirectStatus, Times, ZitadelDouble,
};

use super::*;
use crate::zitadel::{
    ClientCredentials, CurrentCredentials, RootCertificates, ZitadelIntrospector, ZitadelSettings,
    http_client::Names,
};

/// Name resolver that returns the addresses set by the test, and fails while there are none.
#[derive(Clone, Default)]
struct Written {
    addresses: Arc<Mutex<Vec<IpAddr>>>,
    looked_up: Arc<AtomicUsize>,
}

impl Written {
    fn at(addresses: &[[u8; 4]]) -> Self {
        let written = Self::default();
        written.set(addresses);
        written
    }

    fn set(&self, addresses: &[[u8; 4]]) {
        *self.addresses.lock().unwrap() = addresses.iter().map(|four| (*four).into()).collect();
    }

    fn look_ups(&self) -> usize {
        self.looked_up.load(Ordering::SeqCst)
    }
}

impl Resolve for Written {
    fn resolve(&self, _name: Name) -> Resolving {
        self.looked_up.fetch_add(1, Ordering::SeqCst);
        let found = self.addresses.lock().unwrap().clone();
        Box::pin(async move {
            if found.is_empty() {
                return Err("it has no address".into());
            }
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

fn settings(double: &ZitadelDouble) -> ZitadelSettings {
    let (client_id, secret) = (double.client_id().as_str(), double.client_secret());
    let credentials = ClientCredentials::client_secret(client_id, &secret).unwrap();
    ZitadelSettings {
        root_certificates: double.ca_pem().map(|pem| RootCertificates::from_pem(pem.as_bytes())),
        ..ZitadelSettings::new(double.issuer().parse().unwrap(), credentials)
    }
}

fn introspector(settings: ZitadelSettings, names: &Written) -> ZitadelIntrospector {
    let issuer = settings.domain.issuer();
    let clock = Arc::new(crate::SystemClock);
    let credentials = CurrentCredentials::new(settings.credentials.clone(), issuer, clock);
    let names = Names(Arc::new(names.clone()));
    ZitadelIntrospector::resolving(settings, Arc::new(credentials), names).unwrap()
}

/// Introspects a token, and returns `active`, `inactive`, or the reason of the error.
async fn ask(introspector: &ZitadelIntrospector, token: &str) -> &'static str {
    match introspector.introspect(&AccessToken::parse(token).unwrap()).await {
        Ok(Introspection::Active(_)) => "active",
        Ok(Introspection::Inactive) => "inactive",
        Err(fault) => fault.reason(),
    }
}

fn token(double: &ZitadelDouble) -> String {
    double.pat(&double.add_user(NewUser::service("svc")))
}

async fn until(what: &str, reached: impl Fn() -> bool) {
    let began = Instant::now();
    while !reached() {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn five_seconds_pass() {
    pause();
    advance(SPACING).await;
    resume();
}

/// Returns a double of ZITADEL, and an introspector that connects to the double by the name
/// `localhost`, which `names` resolves.
async fn at_localhost(names: &Written) -> (ZitadelDouble, ZitadelIntrospector) {
    let double = ZitadelDouble::start().await;
    let domain = format!("http://localhost:{}", double.addr().port());
    let (domain, timeout) = (domain.parse().unwrap(), Duration::from_mins(10));
    let settings = ZitadelSettings { domain, timeout, ..settings(&double) };
    (double, introspector(settings, names))
}

#[tokio::test(start_paused = true)]
async fn a_renewal_is_tried_after_five_minutes_and_then_every_thirty_seconds() {
    let names = Written::default();
    let domain = "https://auth.example.test".parse().unwrap();
    let credentials = ClientCredentials::client_secret("id", "secret").unwrap();
    let introspector = introspector(ZitadelSettings::new(domain, credentials), &names);
    let renewing = tokio::spawn(introspector.renew_regularly());
    sleep(Duration::from_secs(299)).await;
    assert_eq!(names.look_ups(), 0);
    for look_ups in 1..4 {
        let began = Instant::now();
        // The client is created on a blocking thread, while the paused clock stands still.
        while names.look_ups() < look_ups {
            sleep(Duration::from_millis(100)).await;
            assert!(began.elapsed() < Duration::from_secs(40), "{look_ups} are never tried");
        }
    }
    drop(introspector);
    timeout(Duration::from_mins(10), renewing).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn there_is_one_new_generation_in_five_seconds_however_many_questions_fail() {
    let names = Written::default();
    let domain = "https://auth.example.test".parse().unwrap();
    let credentials = ClientCredentials::client_secret("id", "secret").unwrap();
    let introspector = introspector(ZitadelSettings::new(domain, credentials), &names);
    let mut generations = vec![introspector.generations.current()];
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        assert_eq!(ask(&introspector, "token").await, "unreachable");
        let current = introspector.generations.current();
        if !generations.iter().any(|seen| Arc::ptr_eq(seen, &current)) {
            generations.push(current);
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!((10..=13).contains(&generations.len()), "{}", generations.len());
}

#[tokio::test]
async fn a_generation_over_which_another_question_was_answered_stays() {
    let names = Written::at(&[[127, 0, 0, 1]]);
    let (double, introspector) = at_localhost(&names).await;
    assert_eq!(ask(&introspector, &token(&double)).await, "active");
    let generations = &introspector.generations;
    let generation = generations.current();
    let timed_out = || Err(FaultSource::Timeout.unavailable(Outage::TimedOut));
    let before = generation.begin();
    generations.heed(&generation, generation.begin(), &Ok(Introspection::Inactive));
    generations.heed(&generation, before, &timed_out());
    assert!(Arc::ptr_eq(&generation, &generations.current()));
    for own_limit in [Outage::TooManyInFlight, Outage::OverBudget, Outage::CircuitOpen] {
        let answer = Err(FaultSource::Timeout.unavailable(own_limit));
        generations.heed(&generation, generation.begin(), &answer);
        assert!(Arc::ptr_eq(&generation, &generations.current()), "{own_limit:?}");
    }
    generations.heed(&generation, generation.begin(), &timed_out());
    let next = generations.current();
    assert!(!Arc::ptr_eq(&generation, &next));
    // A late fault of the old generation says nothing about the new one.
    generations.heed(&generation, generation.begin(), &timed_out());
    assert!(Arc::ptr_eq(&next, &generations.current()));
}

#[tokio::test]
async fn every_way_to_get_no_answer_is_a_reason_and_an_answer_is_none() {
    for (fault, replaced) in [
        (Fault::ResetBeforeAnswer, true),
        (Fault::CloseBeforeAnswer, true),
        (Fault::ResetMidBody, true),
        (Fault::Truncate, true),
        (Fault::Stall, true),
        (Fault::Drip(Duration::from_millis(20)), true),
        (Fault::InternalServerError, false),
        (Fault::DatabaseDown, false),
        (Fault::NotJson, false),
        (Fault::LoginPage, false),
    ] {
        let double = ZitadelDouble::start().await;
        let settings = ZitadelSettings { timeout: Duration::from_secs(1), ..settings(&double) };
        let introspector = introspector(settings, &Written::default());
        assert_eq!(ask(&introspector, &token(&double)).await, "active");
        let generation = introspector.generations.current();
        let shown = format!("{fault:?}");
        double.introspection_fault(fault, Times::UntilCleared);
        ask(&introspector, &token(&double)).await;
        double.clear_faults();
        let is_replaced = !Arc::ptr_eq(&generation, &introspector.generations.current());
        assert_eq!(is_replaced, replaced, "{shown}");
        assert_eq!(ask(&introspector, &token(&double)).await, "active", "{shown}");
    }
}

#[tokio::test]
async fn a_name_that_moved_is_followed_though_the_old_address_answers() {
    let names = Written::at(&[[127, 0, 0, 1]]);
    let (old, introspector) = at_localhost(&names).await;
    let address = SocketAddr::new([127, 0, 0, 2].into(), old.addr().port());
    let issuer = format!("http://localhost:{}", address.port());
    let new = ZitadelDouble::builder().listen(address).issuer(&issuer).start().await;
    assert_eq!(ask(&introspector, &token(&old)).await, "active");
    names.set(&[[127, 0, 0, 2]]);
    assert_eq!(ask(&introspector, &token(&old)).await, "active", "the old one is kept till then");
    introspector.generations.renew().await.unwrap();
    assert_eq!(ask(&introspector, &token(&old)).await, "client_refused", "another world's secret");
    assert_eq!((old.introspections(), new.introspections()), (2, 1));
    drop(new.take_violations());
}

// If addresses were tried in turn, the dead one would take five minutes.
#[tokio::test]
async fn of_two_addresses_the_first_may_be_dead() {
    let names = Written::at(&[[127, 0, 2, 1], [127, 0, 0, 1]]);
    let (double, introspector) = at_localhost(&names).await;
    let dead = TcpSocket::new_v4().unwrap();
    dead.bind(SocketAddr::new([127, 0, 2, 1].into(), double.addr().port())).unwrap();
    let dead = dead.listen(1).unwrap();
    let mut queued = Vec::new();
    let full = async {
        while queued.len() < 16 {
            queued.push(TcpStream::connect(dead.local_addr().unwrap()).await.unwrap());
        }
    };
    assert!(timeout(Duration::from_secs(1), full).await.is_err(), "its queue is never full");
    let token = token(&double);
    let answer = timeout(Duration::from_secs(20), ask(&introspector, &token)).await;
    assert_eq!(answer, Ok("active"));
}

#[tokio::test]
async fn a_routine_generation_takes_over_only_with_metadata() {
    let double = ZitadelDouble::start().await;
    let introspector = introspector(settings(&double), &Written::default());
    let token = token(&double);
    assert_eq!(ask(&introspector, &token).await, "active");
    let generation = introspector.generations.current();
    for fault in [
        DiscoveryFault::Any(Fault::ServiceUnavailable),
        DiscoveryFault::Any(Fault::LoginPage),
        DiscoveryFault::Any(Fault::ResetBeforeAnswer),
        DiscoveryFault::Issuer("https://evil.test".to_owned()),
        DiscoveryFault::NoIntrospectionEndpoint,
    ] {
        double.discovery_fault(fault, Times::Next(2));
        introspector.generations.renew().await.unwrap_err();
        assert!(Arc::ptr_eq(&generation, &introspector.generations.current()));
        double.clear_faults();
    }
    assert_eq!(ask(&introspector, &token).await, "active");
    assert_eq!(double.connections(), 7, "one each, two for the reset, and the old one is in use");
    introspector.generations.renew().await.unwrap();
    assert!(!Arc::ptr_eq(&generation, &introspector.generations.current()));
    assert_eq!(ask(&introspector, &token).await, "active");
}

#[tokio::test]
async fn every_generation_goes_the_configured_way_and_no_other() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let connect_to = Some(format!("http://{}", double.addr()).parse().unwrap());
    let settings = ZitadelSettings { connect_to, ..settings(&double) };
    let introspector = introspector(settings, &Written::default());
    let token = token(&double);
    for _ in 0..3 {
        assert_eq!(ask(&introspector, &token).await, "active");
        assert_eq!(double.requests().pop().unwrap().host, "auth.example.test");
        let elsewhere = format!("{}/elsewhere", double.issuer());
        let redirect = Fault::Redirect(RedirectStatus::TemporaryRedirect, elsewhere);
        double.introspection_fault(redirect, Times::Once);
        assert_eq!(ask(&introspector, &token).await, "redirected");
        let generation = introspector.generations.current();
        five_seconds_pass().await;
        introspector.generations.renew().await.unwrap();
        assert!(!Arc::ptr_eq(&generation, &introspector.generations.current()));
    }
}

#[tokio::test]
async fn a_configured_endpoint_needs_an_answer_of_its_origin() {
    let double = ZitadelDouble::start().await;
    let endpoint = Some(double.introspection_endpoint().parse().unwrap());
    let settings = ZitadelSettings { introspection_endpoint: endpoint, ..settings(&double) };
    let introspector = introspector(settings, &Written::default());
    assert_eq!(ask(&introspector, &token(&double)).await, "active");
    let generation = introspector.generations.current();
    double.stop_listening().await;
    introspector.generations.renew().await.unwrap_err();
    assert!(Arc::ptr_eq(&generation, &introspector.generations.current()));
    double.listen_again().await;
    double.discovery_fault(Fault::LoginPage, Times::Once);
    introspector.generations.renew().await.unwrap();
    assert!(!Arc::ptr_eq(&generation, &introspector.generations.current()));
}

#[tokio::test]
async fn after_a_fault_the_known_endpoint_is_asked_whatever_becomes_of_the_metadata() {
    let double = ZitadelDouble::start().await;
    let introspector = introspector(settings(&double), &Written::default());
    let token = token(&double);
    assert_eq!(ask(&introspector, &token).await, "active");
    double.discovery_fault(Fault::Stall, Times::UntilCleared);
    double.introspection_fault(Fault::ResetBeforeAnswer, Times::Next(2));
    assert_eq!(ask(&introspector, &token).await, "interrupted");
    assert_eq!(ask(&introspector, &token).await, "active");
    double.wait_for_discoveries(2).await;
}

#[tokio::test]
async fn after_a_fault_a_moved_endpoint_is_found_by_itself() {
    let double = ZitadelDouble::start().await;
    let introspector = introspector(settings(&double), &Written::default());
    let token = token(&double);
    assert_eq!(ask(&introspector, &token).await, "active");
    double.introspection_fault(Fault::ResetBeforeAnswer, Times::Next(2));
    double.move_introspection("/moved");
    let generation = introspector.generations.current();
    let timed_out = Err(FaultSource::Timeout.unavailable(Outage::TimedOut));
    introspector.generations.heed(&generation, generation.begin(), &timed_out);
    let is_moved = || {
        let current = introspector.generations.current();
        current.discovery.kept().is_some_and(|url| url.path() == "/moved")
    };
    until("the endpoint is found", is_moved).await;
    double.clear_faults();
    assert_eq!(ask(&introspector, &token).await, "active");
}

#[tokio::test]
async fn a_rotated_authority_is_read_from_the_file_and_an_unusable_file_changes_nothing() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let token = token(&double);
    let file = NamedTempFile::new().unwrap();
    let write = |content: &[u8]| fs::write(file.path(), content).unwrap();
    write(double.ca_pem().unwrap().as_bytes());
    let roots = RootCertificates::from_file(file.path()).unwrap();
    let settings = ZitadelSettings { root_certificates: Some(roots), ..settings(&double) };
    let introspector = introspector(settings, &Written::default());
    assert_eq!(ask(&introspector, &token).await, "active");
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for unusable in [&b""[..], b"no PEM", broken, &vec![b'a'; 2_000_000]] {
        write(unusable);
        five_seconds_pass().await;
        let generation = introspector.generations.current();
        introspector.generations.renew().await.unwrap();
        assert!(!Arc::ptr_eq(&generation, &introspector.generations.current()));
        assert_eq!(ask(&introspector, &token).await, "active", "the old roots are kept");
    }
    double.rotate_authority();
    five_seconds_pass().await;
    introspector.generations.renew().await.unwrap_err();
    assert_eq!(ask(&introspector, &token).await, "active", "over the old connection");
    write(double.ca_pem().unwrap().as_bytes());
    introspector.generations.renew().await.unwrap();
    double.set_listening(Listening::Accepting).await;
    assert_eq!(ask(&introspector, &token).await, "active", "over a connection of its own");
}

#[tokio::test]
async fn a_file_that_hangs_costs_a_quarter_of_a_second_once_and_keeps_the_old_roots() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let token = token(&double);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, double.ca_pem().unwrap()).unwrap();
    let roots = RootCertificates::from_file(&file).unwrap();
    let settings = ZitadelSettings { root_certificates: Some(roots), ..settings(&double) };
    let introspector = introspector(settings, &Written::default());
    fs::remove_file(&file).unwrap();
    // Opening a FIFO for reading blocks until there is a writer.
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    for _ in 0..3 {
        five_seconds_pass().await;
        introspector.generations.renew().await.unwrap();
        assert_eq!(ask(&introspector, &token).await, "active");
    }
    fs::write(&file, "").unwrap();
}
