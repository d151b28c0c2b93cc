use domain::{ActiveToken, Principal};
use tokio::{
    sync::watch,
    task::{JoinHandle, yield_now},
};

use super::*;

/// Introspector that counts calls, waits until the test opens a gate, and then answers "inactive".
struct Gated {
    is_open: watch::Receiver<bool>,
    asked: watch::Sender<usize>,
}

#[async_trait]
impl TokenIntrospector for Gated {
    async fn introspect(&self, _: &AccessToken<'_>) -> Answer {
        self.asked.send_modify(|asked| *asked += 1);
        self.is_open.clone().wait_for(|is_open| *is_open).await.unwrap();
        Ok(Introspection::Inactive)
    }
}

struct Setup {
    bounded: Arc<BoundedByAddress>,
    known: Arc<KnownTokens>,
    gate: watch::Sender<bool>,
    asked: watch::Receiver<usize>,
}

impl Setup {
    /// Creates the introspector under test, which introspects at most two tokens of one address at
    /// a time. No introspection ends until the test opens `gate`.
    fn new() -> Self {
        let (gate, is_open) = watch::channel(false);
        let (count, asked) = watch::channel(0);
        let known = Arc::new(KnownTokens::new(NonZeroUsize::new(10).unwrap()));
        let inner = Arc::new(Gated { is_open, asked: count });
        let max_in_flight = NonZeroUsize::new(4).unwrap();
        let bounded = Arc::new(BoundedByAddress::new(inner, Arc::clone(&known), max_in_flight));
        Self { bounded, known, gate, asked }
    }

    /// Introspects `token` in a task, as a request of `client` does; `None` is an unknown client.
    fn request(&self, client: impl Into<Option<Client>>, token: &str) -> JoinHandle<Answer> {
        let (bounded, token) = (Arc::clone(&self.bounded), token.to_owned());
        let client = client.into();
        tokio::spawn(async move {
            let token = AccessToken::parse(&token).unwrap();
            match client {
                Some(client) => client.scope(bounded.introspect(&token)).await,
                None => bounded.introspect(&token).await,
            }
        })
    }

    async fn wait_for(&mut self, asked: usize) {
        self.asked.wait_for(|count| *count == asked).await.unwrap();
    }
}

fn client(address: &str) -> Client {
    Client { address: address.parse().unwrap(), is_bounded: true }
}

async fn is_refused(request: JoinHandle<Answer>) -> bool {
    match request.await.unwrap() {
        Err(error) => {
            assert_eq!(error.reason(), "too_many_in_flight");
            true
        }
        Ok(_) => false,
    }
}

#[tokio::test]
async fn one_address_asks_about_its_share_and_takes_nothing_of_others() {
    for (address, same, other) in [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
    ] {
        let mut setup = Setup::new();
        let mut waiting =
            vec![setup.request(client(address), "a"), setup.request(client(same), "b")];
        setup.wait_for(2).await;
        assert!(is_refused(setup.request(client(address), "c")).await, "{address}");
        assert!(is_refused(setup.request(client(same), "c")).await, "{address}");
        // These tokens have their places already.
        waiting.extend(["a", "b"].map(|token| setup.request(client(address), token)));
        waiting.extend(["d", "e"].map(|token| setup.request(client(other), token)));
        setup.wait_for(6).await;
        assert!(is_refused(setup.request(client(other), "c")).await, "{address}");
        setup.gate.send(true).unwrap();
        for request in waiting {
            assert!(!is_refused(request).await, "{address}");
        }
        assert!(setup.bounded.waiting.lock().is_empty(), "no memory is kept");
        assert!(!is_refused(setup.request(client(address), "c")).await);
    }
}

#[tokio::test]
async fn known_tokens_and_clients_without_a_share_are_not_bounded() {
    let mut setup = Setup::new();
    let of_this_machine = Client { address: "127.0.0.1".parse().unwrap(), is_bounded: false };
    let requests: Vec<_> = (0..10)
        .flat_map(|number| {
            let token = format!("token-{number}");
            [setup.request(of_this_machine, &token), setup.request(None::<Client>, &token)]
        })
        .collect();
    setup.wait_for(20).await;
    let mut filling = vec![setup.request(client("192.0.2.1"), "a")];
    filling.push(setup.request(client("192.0.2.1"), "b"));
    setup.wait_for(22).await;
    let active = ActiveToken {
        expires_at: None,
        not_before: None,
        key_bound: false,
        id: None,
        principal: Arc::new(Principal::default()),
    };
    let known = AccessToken::parse("known").unwrap();
    setup.known.learn(&known, &Introspection::Active(active));
    filling.push(setup.request(client("192.0.2.1"), "known"));
    setup.wait_for(23).await;
    assert!(is_refused(setup.request(client("192.0.2.1"), "c")).await);
    setup.gate.send(true).unwrap();
    for request in requests.into_iter().chain(filling) {
        assert!(!is_refused(request).await);
    }
}

#[tokio::test]
async fn a_caller_who_leaves_gives_no_place_back_before_the_verdict_is_there() {
    let mut setup = Setup::new();
    let leavers = ["a", "b"].map(|token| setup.request(client("192.0.2.1"), token));
    setup.wait_for(2).await;
    for leaver in leavers {
        leaver.abort();
        assert!(leaver.await.is_err());
    }
    assert!(is_refused(setup.request(client("192.0.2.1"), "c")).await);
    setup.gate.send(true).unwrap();
    for _ in 0..1_000 {
        if setup.bounded.waiting.lock().is_empty() {
            break;
        }
        yield_now().await;
    }
    assert!(!is_refused(setup.request(client("192.0.2.1"), "c")).await);
}
