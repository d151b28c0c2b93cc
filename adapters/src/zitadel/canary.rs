//! Canary: a token of this API that is known to be good. While ZITADEL calls this token active,
//! inactive verdicts on other tokens are believed.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{ActiveToken, Clock, Introspection, IntrospectionError, TokenIntrospector};
use metrics::{Counter, Gauge, counter, gauge};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::{OwnToken, rounds::Rounds};
use crate::decorators::{NoWitness, Witness};

/// Time between two checks of the token file, and between two introspections while the canary is
/// not active.
const PERIOD: Duration = Duration::from_secs(5);
/// Time between two introspections of an active canary, each of which shows whether it expires
/// soon.
const LONG_PERIOD: Duration = Duration::from_hours(1);
/// Minimum time for which the canary is inactive before it is given up, that is, before inactive
/// verdicts are believed without it. After this time, ZITADEL must also call another token active,
/// as proof that its database works.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(10);
/// Minimum time between two warnings that the canary expires soon.
const DAY: Duration = Duration::from_hours(24);
/// Minimum time between two warnings that the canary is inactive.
const MINUTE: Duration = Duration::from_mins(1);

/// Witness that vouches for inactive verdicts while ZITADEL calls a known good token active.
///
/// A canary that was revoked or has expired would turn each 401 into a 503 for ever. The canary is
/// therefore given up if it has been inactive for ten minutes, another token is active after that,
/// and the canary is still inactive then. A canary that is given up vouches for every inactive
/// verdict, until it is active again or its file changes.
#[derive(Clone)]
pub struct Canary(Arc<Shared>);

struct Shared {
    token: Arc<OwnToken>,
    introspector: Box<dyn TokenIntrospector>,
    clock: Arc<dyn Clock>,
    rounds: Rounds<Result<(), NoWitness>>,
    state: Mutex<State>,
    started_at: Instant,
    /// Nanoseconds from `started_at` to the last active verdict on another token; 0 for never.
    others_active: AtomicU64,
    up: Gauge,
    active: Counter,
    inactive: Counter,
    fault: Counter,
}

#[derive(Default)]
struct State {
    is_active: bool,
    inactive_since: Option<Instant>,
    is_given_up: bool,
    /// True if a warning that the canary is inactive was logged since the canary was last active.
    is_inactive_said: bool,
    /// Time of the last warning that the canary is inactive.
    inactive_said: Option<Instant>,
    /// Time of the last warning that the canary expires soon.
    expiry_said: Option<Instant>,
}

impl Canary {
    /// Remaining lifetime below which a warning is logged that the canary expires soon.
    pub const EXPIRES_SOON: Duration = Duration::from_hours(14 * 24);

    /// Creates a canary that introspects `token` by `introspector`, which has no decorators.
    pub(super) fn new(
        token: Arc<OwnToken>,
        introspector: impl TokenIntrospector + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let questions =
            |result: &'static str| counter!("canary_questions_total", "result" => result);
        let up = gauge!("canary_up");
        up.set(0);
        Self(Arc::new(Shared {
            token,
            introspector: Box::new(introspector),
            clock,
            rounds: Rounds::default(),
            state: Mutex::default(),
            started_at: Instant::now(),
            others_active: AtomicU64::new(0),
            up,
            active: questions("active"),
            inactive: questions("inactive"),
            fault: questions("fault"),
        }))
    }

    /// Returns the time of the first inactive verdict since the canary was last active, for a
    /// health check; `None` without such a verdict.
    #[must_use]
    pub fn inactive_since(&self) -> Option<Instant> {
        self.0.state().inactive_since
    }

    /// Checks the token file every five seconds, until the canary is dropped. Introspects the token
    /// at the beginning, after each change of the file, every five seconds while the token is not
    /// active, and every hour otherwise.
    pub(super) fn watch_regularly(&self) -> impl Future<Output = ()> + Send + use<> {
        let used = Arc::downgrade(&self.0);
        async move {
            let mut asked: Option<Instant> = None;
            while let Some(shared) = used.upgrade() {
                let has_changed = shared.token.look().await;
                if has_changed {
                    shared.start_over();
                }
                let is_due = asked.is_none_or(|asked| asked.elapsed() >= LONG_PERIOD);
                if has_changed || is_due || !shared.state().is_active {
                    let _ = shared.read().await;
                    asked = Some(Instant::now());
                }
                drop(shared);
                sleep(PERIOD).await;
            }
        }
    }
}

impl Shared {
    /// Introspects the canary; returns an error unless it vouches for inactive verdicts. Concurrent
    /// callers share one introspection, which begins after their calls.
    async fn read(self: &Arc<Self>) -> Result<(), NoWitness> {
        let shared = Arc::clone(self);
        let ask = move || {
            let shared = Arc::clone(&shared);
            async move { shared.ask().await }
        };
        let answer = self.rounds.next(ask).await;
        answer.unwrap_or_else(|| Err(self.unvouched("its question ended without an answer")))
    }

    async fn ask(&self) -> Result<(), NoWitness> {
        let mut asked_at = Instant::now();
        let mut answer = self.introspector.introspect(&self.token.current()).await;
        // The file may just have been replaced.
        if matches!(answer, Ok(Introspection::Inactive)) && self.token.look().await {
            self.start_over();
            asked_at = Instant::now();
            answer = self.introspector.introspect(&self.token.current()).await;
        }
        self.take(asked_at, &answer)
    }

    fn take(
        &self,
        asked_at: Instant,
        answer: &Result<Introspection, IntrospectionError>,
    ) -> Result<(), NoWitness> {
        let mut state = self.state();
        match answer {
            Ok(Introspection::Active(token)) => {
                self.active.increment(1);
                self.up.set(1);
                self.be_active(&mut state, token);
                Ok(())
            }
            Ok(Introspection::Inactive) => {
                self.inactive.increment(1);
                self.up.set(0);
                self.be_inactive(&mut state, asked_at);
                if state.is_given_up { Ok(()) } else { Err(self.unvouched("it is inactive too")) }
            }
            Err(fault) => {
                self.fault.increment(1);
                Err(self.unvouched(fault.reason()))
            }
        }
    }

    fn be_active(&self, state: &mut State, token: &ActiveToken) {
        let setting = self.token.setting();
        if state.is_inactive_said {
            info!(setting, "the canary is active again");
        }
        let State { inactive_said, expiry_said, .. } = *state;
        *state = State { is_active: true, inactive_said, expiry_said, ..State::default() };
        let Some(left) =
            token.expires_at.map(|at| at.duration_since(self.clock.now()).unwrap_or_default())
        else {
            return;
        };
        if left <= Canary::EXPIRES_SOON && expiry_said.is_none_or(|said| said.elapsed() >= DAY) {
            state.expiry_said = Some(Instant::now());
            let days = left.as_secs() / DAY.as_secs();
            warn!(
                setting,
                days,
                "the canary expires in less than {} days: write a new personal access token of its \
                 service user into the file",
                days + 1,
            );
        }
    }

    fn be_inactive(&self, state: &mut State, asked_at: Instant) {
        let setting = self.token.setting();
        state.is_active = false;
        let since = *state.inactive_since.get_or_insert(asked_at);
        if state.is_given_up {
            return;
        }
        let others = self.others_active();
        if others.is_some_and(|others| since + GIVEN_UP_AFTER <= others && others <= asked_at) {
            state.is_given_up = true;
            warn!(
                setting,
                "the canary is given up: it is inactive for ten minutes, and other tokens are \
                 active; an inactive token is believed without it until the file has a token that \
                 is active: make a new personal access token of its service user, and see that the \
                 user is active",
            );
        } else if !state.is_inactive_said
            && state.inactive_said.is_none_or(|said| said.elapsed() >= MINUTE)
        {
            state.is_inactive_said = true;
            state.inactive_said = Some(Instant::now());
            warn!(
                setting,
                "the canary is inactive: either ZITADEL's database fails, and no inactive token is \
                 believed until it is over; or the token in the file was revoked or has expired: \
                 write a new one into it",
            );
        }
    }

    fn start_over(&self) {
        *self.state() = State::default();
    }

    fn others_active(&self) -> Option<Instant> {
        let nanos = self.others_active.load(Ordering::Relaxed);
        (nanos > 0).then(|| self.started_at + Duration::from_nanos(nanos))
    }

    fn unvouched(&self, why: &'static str) -> NoWitness {
        NoWitness { witness: self.token.setting(), why }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Witness for Canary {
    async fn vouch(&self) -> Result<(), NoWitness> {
        if self.0.state().is_given_up {
            return Ok(());
        }
        self.0.read().await
    }

    fn heard_active(&self) {
        let nanos = u64::try_from(self.0.started_at.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.others_active.fetch_max(nanos, Ordering::Relaxed);
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canary").field("token", &self.0.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
