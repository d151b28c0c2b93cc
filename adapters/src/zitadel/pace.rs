//! Limits the requests to ZITADEL per second: by a budget, and by a lower rate after a 429.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use domain::{IntrospectionError, Outage};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use thiserror::Error;
use tokio::time::Instant;
use uuid::Uuid;

use crate::decorators::KnownShare;

const SECOND: Duration = Duration::from_secs(1);
/// Request rate allowed after a 429, as a fraction of the requests answered in the second before.
const LOWERED_TO: f64 = 0.8;
/// Factor by which the rate lowered by a 429 grows each second. After 2.3 s it is again the rate
/// before the 429.
const GROWTH_A_SECOND: f64 = 1.1;
/// Factor by which the minimum of the rate lowered by a 429 grows each second, so that even a very
/// low rate recovers soon. The minimum is 1 request per second right after the 429, 2 after one
/// second, 4 after two.
const GROWTH_FROM_ONE: f64 = 2.0;
/// Maximum time after a 429, before a random extension, in which requests for unknown tokens are
/// held back, even if `Retry-After` is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Time for which requests for unknown tokens are held back after a 429 without the header
/// `Retry-After`; ZITADEL sends no such header.
const PAUSE: Duration = SECOND;
/// Maximum fraction by which the pause after a 429 is extended at random, so that replicas do not
/// resume together.
const JITTER: f64 = 0.25;

/// Kind of an introspected token, which decides its share of the request budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// A token whose last verdict was active.
    Known,
    /// A caller's token that has no verdict yet, or whose last verdict was not active.
    Stranger,
    /// A token that this API itself uses, such as the canary (a known good token).
    Own,
}

/// Maximum number of requests per second that are reserved for this API's own tokens.
const OWN: usize = 5;

/// Counts the requests of this process to ZITADEL, and decides whether another one may be sent.
///
/// Requests for unknown tokens are spread over the second. After a 429 they pause for the time in
/// `Retry-After`; requests for known tokens go on at a lowered rate.
#[derive(Debug)]
pub(super) struct Pace {
    max_per_second: Option<NonZeroUsize>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    share: KnownShare,
    keeps_own: bool,
    /// Times at which the requests of the last second were sent, oldest first.
    sent: VecDeque<Instant>,
    sent_of_known: VecDeque<Instant>,
    sent_of_own: VecDeque<Instant>,
    /// Times at which responses other than 429 arrived in the last second.
    answered: VecDeque<Instant>,
    lowered: Option<LoweredRate>,
    strangers_wait_until: Option<Instant>,
}

/// Request rate that is allowed right after a 429, and the moment from which it grows again.
#[derive(Clone, Copy, Debug)]
struct LoweredRate {
    per_second: f64,
    at: Instant,
}

#[derive(Debug, Error)]
#[error("as many requests were sent within this second as zitadel.max_per_second allows")]
struct BudgetSpent;

#[derive(Debug, Error)]
#[error("it answered 429 a moment ago: it is asked too often")]
struct LoweredBy429;

#[derive(Clone, Copy, Debug)]
pub(super) struct SentAt(Instant);

impl Pace {
    /// Creates a limiter that allows `max_per_second` requests per second (`None`: any number), of
    /// which `share` is reserved for known tokens.
    pub(super) fn new(max_per_second: Option<NonZeroUsize>, share: KnownShare) -> Self {
        Self { max_per_second, state: Mutex::new(State { share, ..State::default() }) }
    }

    pub(super) fn keep_for_known(&self, share: KnownShare) {
        self.state().share = share;
    }

    /// Reserves a tenth of the requests, 1 to 5 per second, for this API's own tokens.
    pub(super) fn keep_for_own(&self) {
        self.state().keeps_own = true;
    }

    /// Admits and counts an introspection request for a token of kind `lane`.
    ///
    /// # Errors
    /// `Unavailable` with [`Outage::OverBudget`] if the request may not be sent.
    pub(super) fn admit(&self, lane: Lane) -> Result<SentAt, IntrospectionError> {
        let now = Instant::now();
        let mut state = self.state();
        state.forget_before(now);
        let configured = self.max_per_second.map_or(usize::MAX, NonZeroUsize::get);
        let lowered = state.allowed(now);
        let allowed = configured.min(lowered);
        let over = |source| IntrospectionError::Unavailable { reason: Outage::OverBudget, source };
        let of_own = state.kept_for_own(allowed);
        let (for_callers, sent) = (allowed - of_own, state.sent.len());
        let sent_of_callers = sent - state.sent_of_own.len();
        let of_known = state.share.of(for_callers);
        let has_room = sent < allowed && sent_of_callers < for_callers;
        let is_admitted = match lane {
            // Known tokens keep their share even if a 429 has just lowered the rate.
            Lane::Known => has_room || sent < configured && state.sent_of_known.len() < of_known,
            Lane::Stranger => {
                state.strangers_wait_until.is_none_or(|until| until <= now)
                    && has_room
                    && sent_of_callers < for_callers - of_known
            }
            Lane::Own => sent < allowed || sent < configured && state.sent_of_own.len() < of_own,
        };
        if is_admitted {
            state.sent.push_back(now);
            match lane {
                Lane::Known => state.sent_of_known.push_back(now),
                Lane::Own => state.sent_of_own.push_back(now),
                // Bursts of strangers would use up what ZITADEL allows, and known users would get
                // the 429.
                Lane::Stranger if allowed < usize::MAX => {
                    let of_strangers = u32::try_from(for_callers - of_known).unwrap_or(u32::MAX);
                    state.strangers_wait_until = Some(now + SECOND / of_strangers.max(1));
                }
                Lane::Stranger => {}
            }
            return Ok(SentAt(now));
        }
        Err(if lowered < configured {
            over(Arc::new(LoweredBy429))
        } else {
            over(Arc::new(BudgetSpent))
        })
    }

    /// Counts a request that is sent even beyond the budget: for metadata, or a repeated
    /// introspection.
    pub(super) fn spend(&self) -> SentAt {
        let now = Instant::now();
        let mut state = self.state();
        state.forget_before(now);
        state.sent.push_back(now);
        SentAt(now)
    }

    /// Counts a response by its status and headers; a 429 lowers the rate.
    pub(super) fn note(&self, sent: SentAt, status: StatusCode, headers: &HeaderMap) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.refused(sent, retry_after(headers));
        } else {
            self.answered();
        }
    }

    fn answered(&self) {
        let now = Instant::now();
        let mut state = self.state();
        state.forget_before(now);
        state.answered.push_back(now);
    }

    fn refused(&self, sent: SentAt, retry_after: Option<Duration>) {
        let now = Instant::now();
        let pause = retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE);
        let until = now + pause.mul_f64(1.0 + JITTER * random());
        let mut state = self.state();
        state.forget_before(now);
        state.strangers_wait_until = state.strangers_wait_until.max(Some(until));
        // A 429 to an earlier request says nothing about the lowered rate.
        if state.lowered.is_none_or(|lowered| lowered.at <= sent.0) {
            #[expect(clippy::cast_precision_loss, reason = "no second has 2^53 requests")]
            let per_second = (state.answered.len() as f64 * LOWERED_TO).max(1.0);
            state.lowered = Some(LoweredRate { per_second, at: now });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_before(&mut self, now: Instant) {
        for moments in
            [&mut self.sent, &mut self.sent_of_known, &mut self.sent_of_own, &mut self.answered]
        {
            while moments.front().is_some_and(|moment| now - *moment >= SECOND) {
                moments.pop_front();
            }
        }
    }

    fn kept_for_own(&self, allowed: usize) -> usize {
        if self.keeps_own && allowed > 1 { (allowed / 10).clamp(1, OWN) } else { 0 }
    }

    /// Returns how many requests per second are allowed after the last 429: at least 1;
    /// `usize::MAX` if no 429 came or the rate has recovered.
    fn allowed(&mut self, now: Instant) -> usize {
        let Some(LoweredRate { per_second, at }) = self.lowered else { return usize::MAX };
        let secs = (now - at).as_secs_f64();
        let grown = (per_second * GROWTH_A_SECOND.powf(secs)).max(GROWTH_FROM_ONE.powf(secs));
        if grown > 1e6 {
            self.lowered = None;
            return usize::MAX;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 1 and a million"
        )]
        let allowed = grown as usize;
        allowed
    }
}

/// Reads `Retry-After`, seconds or a date (RFC 9110 §10.2.3). `None` if it is absent or unreadable.
#[expect(clippy::disallowed_methods, reason = "the header is a date of the real clock")]
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(secs) = text.parse() {
        return Some(Duration::from_secs(secs));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// Returns a random number from 0 to 1.
pub(super) fn random() -> f64 {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    f64::from(u16::try_from(random >> 48).unwrap_or_default()) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests;
