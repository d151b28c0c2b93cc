//! An API with the change feed, and its staleness bound.

use std::{io::Write, time::Duration};

use tempfile::NamedTempFile;
use tokio::time::{Instant, sleep};
use zitadel_double::ZitadelDouble;

use crate::{Api, Environment, with_client_secret};

/// Default of `cache.max_staleness`.
pub const MAX_STALENESS: Duration = Duration::from_secs(3);
/// Bound on a step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two requests in a loop.
const PAUSE: Duration = Duration::from_millis(10);

/// Returns the environment with a change feed, and its token file, which must outlive the API. The
/// lag is zero and the settling time short, because the double shows new roles at once.
///
/// # Panics
/// If the file cannot be written.
#[must_use]
#[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
pub fn with_feed(double: &ZitadelDouble) -> (Environment, NamedTempFile) {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(double.event_reader().as_bytes()).expect("a written file");
    let environment = with_client_secret(double)
        .with("APP_CHANGES__TOKEN_FILE", &file.path().display().to_string())
        .with("APP_CHANGES__LAG", "0s")
        .with("APP_CHANGES__SETTLE", "100ms")
        .with("APP_ZITADEL__PROJECT_ID", double.project_id().as_str());
    (environment, file)
}

impl Api {
    /// Waits until these tokens are accepted without an introspection.
    ///
    /// # Panics
    /// If one is denied, or if they never stop causing introspections.
    pub async fn keeps(&self, double: &ZitadelDouble, tokens: &[&str]) {
        self.keeps_for(double, tokens, Duration::ZERO).await;
    }

    /// Waits until these tokens are accepted without an introspection for so long that only the
    /// feed permits it.
    ///
    /// # Panics
    /// As [`keeps`](Self::keeps).
    pub async fn keeps_by_feed(&self, double: &ZitadelDouble, tokens: &[&str]) {
        self.keeps_for(double, tokens, MAX_STALENESS).await;
    }

    async fn keeps_for(&self, double: &ZitadelDouble, tokens: &[&str], time: Duration) {
        let began = Instant::now();
        let mut asked = began;
        loop {
            double.reset_counts();
            let sent = asked.elapsed();
            let mut is_kept = true;
            for token in tokens {
                let status = self.get("/api/private", token).await.status;
                assert!(status == 200 || status == 503, "{status}");
                is_kept &= status == 200;
            }
            if !is_kept || double.introspections() > 0 {
                asked = Instant::now();
            } else if sent > time {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "answers are not kept");
            sleep(PAUSE).await;
        }
    }

    /// Waits until the token is denied. A request sent later than `max_staleness` after the change
    /// must not be accepted.
    ///
    /// # Panics
    /// If one is accepted, or if the token is never denied.
    pub async fn denies_in_time(&self, path: &str, token: &str, changed: Instant) {
        let began = Instant::now();
        loop {
            let sent = changed.elapsed();
            let status = self.get(path, token).await.status.as_u16();
            assert!(
                status != 200 || sent <= MAX_STALENESS,
                "let in by a request sent {sent:?} after the change",
            );
            if status == 401 {
                return;
            }
            // 503: the witness is briefly unreachable.
            assert!(status == 200 || status == 503, "{status}");
            assert!(began.elapsed() < PATIENCE, "{status} for ever");
            sleep(PAUSE).await;
        }
    }
}
