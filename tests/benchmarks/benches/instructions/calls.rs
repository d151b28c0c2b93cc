//! Prepared requests and their router.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]

use std::{
    fs,
    hint::black_box,
    mem,
    num::{NonZeroU64, NonZeroUsize},
    time::Duration,
};

use adapters::CacheSettings;
use app::{Config, routes};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    http::{HeaderValue, Request, header::AUTHORIZATION},
    routing::get,
};
use benchmarks::layered;
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tower::Service;
use zitadel_double::{NewUser, ZitadelDouble};

/// Number of counted requests, for any number of tokens.
const REQUESTS: usize = 10_000;

/// Response of the app's public route.
#[derive(Serialize)]
struct Greeting {
    message: &'static str,
}

/// Router, and requests that carry its tokens in turn.
pub(crate) struct Calls {
    runtime: Runtime,
    double: ZitadelDouble,
    router: Router,
    requests: Vec<Request<Body>>,
}

impl Calls {
    /// Prepares requests to the app, after one with each token.
    pub(crate) fn of_the_app(path: &str, tokens: usize) -> Self {
        Self::of_the_app_with(path, tokens, false)
    }

    /// Prepares requests to the app with a change feed. The log is not read during the count, so
    /// cached answers are used by the longest code path.
    pub(crate) fn with_a_feed(path: &str, tokens: usize) -> Self {
        Self::of_the_app_with(path, tokens, true)
    }

    fn of_the_app_with(path: &str, tokens: usize, feed: bool) -> Self {
        let (runtime, double) = start();
        let tokens = new_tokens(&double, tokens);
        let environment = [
            ("ZITADEL_DOMAIN", double.issuer()),
            ("CLIENT_ID", double.client_id().as_str()),
            ("CLIENT_SECRET", &double.client_secret()),
            ("APP_CACHE__TTL", "1h"),
            ("APP_CACHE__MAX_ENTRIES", "120000"),
        ];
        let mut environment =
            environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let directory = tempfile::tempdir().expect("a directory");
        if feed {
            fs::write(directory.path().join("reader"), double.event_reader()).expect("a file");
            let settings = [("TOKEN_FILE", "reader"), ("WHEN_SILENT", "keep")];
            environment.extend(
                settings.map(|(name, value)| (format!("APP_CHANGES__{name}"), value.to_owned())),
            );
        }
        let config = Config::read(environment.into_iter().collect(), directory.path())
            .expect("a configuration");
        let mut router = app::router(config, routes()).expect("a router");
        runtime.block_on(async {
            for token in &tokens {
                let Ok(answer) = router.call(request(path, token)).await;
                assert!(answer.status().is_success(), "{path} answers {}", answer.status());
            }
        });
        double.reset_counts();
        Self { runtime, double, router, requests: requests(path, &tokens) }
    }

    /// Prepares requests to an axum router with the library's layer, after one with each token.
    pub(crate) fn of_a_layer(tokens: usize) -> Self {
        let (runtime, double) = start();
        let tokens = new_tokens(&double, tokens);
        let mut router = runtime.block_on(async { layered::router(&guard(&double)) });
        runtime.block_on(async {
            for token in &tokens {
                let Ok(answer) = router.call(request("/api/private", token)).await;
                assert!(answer.status().is_success(), "the layer answers {}", answer.status());
            }
        });
        double.reset_counts();
        Self { runtime, double, router, requests: requests("/api/private", &tokens) }
    }

    /// Prepares requests to a plain axum router.
    #[expect(clippy::disallowed_methods, reason = "this is what the app is compared with")]
    pub(crate) fn of_bare_axum(tokens: usize) -> Self {
        let (runtime, double) = start();
        let tokens = new_tokens(&double, tokens);
        let message = "Public route - You don't need to be authenticated to see this.";
        let public = async move || Json(Greeting { message });
        let router = Router::new().route("/api/public", get(public)).with_state(());
        Self { runtime, double, router, requests: requests("/api/public", &tokens) }
    }

    /// Sends the requests: the counted part.
    pub(crate) fn make(mut self) -> Self {
        let requests = mem::take(&mut self.requests);
        self.runtime.block_on(async {
            for request in requests {
                // The server clones the router for each request too.
                drop(black_box(self.router.clone().call(request).await));
            }
        });
        self
    }

    /// Asserts that no request caused an introspection.
    pub(crate) fn end(self) {
        assert_eq!(self.double.introspections(), 0, "the cache was not warm");
    }
}

fn guard(double: &ZitadelDouble) -> axum_zitadel::Guard {
    let cache = CacheSettings {
        ttl: Duration::from_secs(3600),
        max_entries: NonZeroUsize::new(120_000).expect("a number"),
        max_bytes: NonZeroU64::new(256 * 1024 * 1024).expect("a number"),
    };
    layered::guard(double.issuer(), double.client_id().as_str(), &double.client_secret(), cache)
        .expect("a guard")
}

fn start() -> (Runtime, ZitadelDouble) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let double = runtime.block_on(ZitadelDouble::start());
    (runtime, double)
}

fn new_tokens(double: &ZitadelDouble, count: usize) -> Vec<String> {
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    (0..count).map(|_| double.pat(&user)).collect()
}

fn requests(path: &str, tokens: &[String]) -> Vec<Request<Body>> {
    tokens.iter().cycle().take(REQUESTS).map(|token| request(path, token)).collect()
}

/// Returns a header's value as hyper stores it: a slice of a shared buffer.
fn received(value: &str) -> HeaderValue {
    let buffer = Bytes::from(format!("{value}\r\n"));
    HeaderValue::from_maybe_shared(buffer.slice(..value.len())).expect("a header")
}

fn request(path: &str, token: &str) -> Request<Body> {
    Request::get(path)
        .header(AUTHORIZATION, received(&format!("Bearer {token}")))
        .body(Body::empty())
        .expect("a request")
}
