//! Waits for the end of a permit (proof of authorization), for streams and tasks that outlive the
//! request.

use std::{
    fmt,
    future::pending,
    time::{Duration, SystemTime},
};

use axum::http::HeaderValue;
use domain::{ActiveToken, Freshness, Policy, Tick};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Ended, Guard, bearer};

/// Maximum time between two comparisons of `exp` with the wall clock. If the clock is set forward,
/// the permit ends within this time.
const LOOK: Duration = Duration::from_secs(15);
/// Time in which a new verdict (introspection result) must confirm a permit whose old verdict is in
/// doubt; otherwise the permit ends.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two attempts to obtain a new verdict. A random part of it delays the first
/// attempt, because one change may concern all streams.
const PAUSE: Duration = Duration::from_millis(250);

/// Permit on which a stream or a task depends, with the data to notice the permit's end.
pub(crate) struct Opened {
    pub(super) guard: Guard,
    pub(super) policy: &'static Policy,
    pub(super) token: ActiveToken,
    /// Value of the `Authorization` header, to introspect its token again; `None` if not kept.
    pub(super) header: Option<HeaderValue>,
    /// Time just before the verdict on `token` was obtained: later changes put the verdict in
    /// doubt. If `None`, a new verdict is obtained at once.
    pub(super) asked: Option<Tick>,
    /// Time at which a stream must end by
    /// [`GuardBuilder::max_stream`](super::GuardBuilder::max_stream); `None` without a limit.
    pub(super) until: Option<Instant>,
}

/// Future that resolves when a permit ends, shared by all tasks that wait for this end.
pub(super) type SharedEnd = Shared<BoxFuture<'static, Ended>>;

impl Opened {
    /// Returns a future that resolves when this permit or `around` (an outer service's permit)
    /// ends.
    pub(super) fn shared_end(self, around: Option<SharedEnd>) -> SharedEnd {
        let end = async move {
            let Some(around) = around else { return self.ended().await };
            tokio::select! {
                biased;
                ended = around => ended,
                ended = self.ended() => ended,
            }
        };
        end.boxed().shared()
    }

    /// Waits for the end of this permit, without regard to an outer service's permit.
    async fn ended(&self) -> Ended {
        let mut stopping = self.guard.stopping();
        let stopping = async {
            if stopping.wait_for(|stops| *stops).await.is_err() {
                pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = self.expired() => Ended::Expired,
            () = self.revoked() => Ended::Revoked,
            () = self.open_too_long() => Ended::TooLong,
            () = stopping => Ended::Stopping,
        }
    }

    async fn expired(&self) {
        let Some(expires_at) = self.token.expires_at else { return pending().await };
        let now = || self.guard.authorizer().now();
        while let Some(left) = time_left(expires_at, now()) {
            sleep(left.min(LOOK)).await;
        }
    }

    async fn open_too_long(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => pending().await,
        }
    }

    /// Waits until the permit is revoked: a change puts the token's verdict in doubt, and no new
    /// verdict confirms the permit within [`PATIENCE`].
    async fn revoked(&self) {
        let Some(watch) = self.guard.watch() else { return pending().await };
        let (mut token, mut asked) = (self.token.clone(), self.asked);
        loop {
            if let Some(asked) = asked {
                watch.doubted(&token, asked).await;
            }
            asked = Some(watch.now());
            match timeout(PATIENCE, self.judged_again()).await {
                Ok(Some(again)) => token = again,
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn judged_again(&self) -> Option<ActiveToken> {
        let shown = bearer::access_token(self.header.as_ref()?).ok()?;
        let authorizer = self.guard.authorizer();
        sleep(PAUSE.mul_f64(fastrand::f64())).await;
        loop {
            if let Ok((verdict, _)) = authorizer.verdict(&shown, Freshness::Asked).await {
                return authorizer.judge_token(verdict, self.policy).ok();
            }
            sleep(PAUSE).await;
        }
    }
}

fn time_left(until: SystemTime, now: SystemTime) -> Option<Duration> {
    until.duration_since(now).ok().filter(|left| !left.is_zero())
}

/// Omits the token.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("policy", &self.policy).finish_non_exhaustive()
    }
}
