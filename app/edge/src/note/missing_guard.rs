//! Logs requests to handlers that need a guard and have none.

use std::{sync::LazyLock, time::Duration};

use axum::http::Method;
use tracing::error;

use super::{
    TARGET, shortened,
    sums::{Bound, Sums},
};

/// Limits of log events about requests without a guard: in each second, the first 5 requests are
/// logged singly, and one event counts the rest.
const BOUND: Bound = Bound { singly: 5, period: Duration::from_secs(1), lasting: false };

/// Counts the requests without a guard, and keeps HTTP method and route of the latest.
static REQUESTS: LazyLock<Sums<(Box<str>, Box<str>)>> = LazyLock::new(|| {
    Sums::new(BOUND, |(method, route), requests, _ago| write(method, route, Some(requests)))
});

pub(crate) fn log_missing_guard(method: &Method, route: &str) {
    let method = shortened::method(method);
    if REQUESTS.is_single("missing_guard", || (method.into(), route.into())) {
        write(method, route, None);
    }
}

fn write(method: &str, route: &str, requests: Option<u64>) {
    error!(
        target: TARGET, %method, route, requests,
        "a handler asks for a permit or a request id, and no guard is there: put `.layer(guard.layer())` \
         around the router, behind its routes",
    );
}
