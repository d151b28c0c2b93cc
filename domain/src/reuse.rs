//! The rule by which a cached answer may be used again.
//!
//! An answer to a question that was asked at `asked` may be used at `now` iff no change that
//! concerns it was told since, and either the question or the watermark of the change feed is at
//! most `max_staleness` old. `exp`, the time to live and the policy are judged elsewhere.
//!
//! The rule holds even if messages are lost, late, doubled or reordered, as long as two orders are
//! kept:
//! - A change is *published* as its mark first, then the watermark.
//! - A use *reads* `now` first, then the watermark, then the answer, then the marks.
//!
//! Proof. Let the truth change at T, and let an answer tell the old truth: `asked < T`. If the
//! watermark that a use reads is at or after T, then the change was applied before that watermark
//! was published, the use sees its mark, and the mark is later than the question: the answer is
//! refused. If it is before T, then
//! `now <= max(asked, watermark) + max_staleness < T + max_staleness`.
//!
//! A verdict that stays in use, such as that on an open stream, is not judged again at each use:
//! the rule says when it must be obtained anew. A verdict in use that was asked for is out of date
//! by at most the larger of `max_staleness` and the age of the watermark. A first verdict from the
//! cache may be out of date by twice `max_staleness`, until it is obtained anew.

use std::time::Duration;

use crate::{Moment, Tick, moment::nanos};

/// Bounds within which a cached answer may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReuseRule {
    max_staleness: u64,
    settle: u64,
    lag: u64,
    when_silent: WhenSilent,
}

/// Reuse of answers while the change feed is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenSilent {
    /// An answer is used for `max_staleness` after its question, then the server is asked.
    #[default]
    Ask,
    /// An answer is used for its time to live.
    Keep,
}

/// Newest marks that concern an answer: moments at which changes were applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Mark of a change that introspection tells at once; `None` if there was none.
    pub at: Option<Tick>,
    /// Mark of a change of roles, which introspection may tell late; `None` if there was none.
    pub roles_at: Option<Tick>,
}

/// Reason why an answer must not be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Something changed after the question, or within `settle` before it.
    Changed,
    /// Roles changed within `lag` before the question, and the question is older than
    /// `max_staleness`: it may have been answered with the old roles.
    RolesMayLag,
    /// The question is older than `max_staleness`, and the answer has claims that no feed follows.
    Unfollowed,
    /// The question and the watermark are both older than `max_staleness`.
    Silent,
}

impl ReuseRule {
    /// Creates the rule.
    ///
    /// With [`WhenSilent::Ask`], no request is judged by knowledge that is more than
    /// `max_staleness` out of date. An answer whose question was asked within `settle` after a
    /// change that concerns it is not reused, and within `lag` after a change of roles it is reused
    /// for at most `max_staleness`.
    #[must_use]
    pub fn new(
        max_staleness: Duration,
        settle: Duration,
        lag: Duration,
        when_silent: WhenSilent,
    ) -> Self {
        let [max_staleness, settle, lag] = [max_staleness, settle, lag].map(nanos);
        Self { max_staleness, settle, lag, when_silent }
    }

    /// Judges whether the answer to a question asked at `asked` may be used at `now`. The caller
    /// reads the arguments in the order `now`, `watermark`, `asked`, `marked`. An answer that is
    /// not `followed` has claims that no feed follows.
    ///
    /// # Errors
    /// When it may not, with the first reason in the order of [`Unusable`].
    pub fn judge(
        &self,
        now: Moment,
        watermark: Moment,
        (asked, followed): (Moment, bool),
        marked: Marked,
    ) -> Result<(), Unusable> {
        let is_within = |mark: Option<Tick>, time: u64| {
            mark.is_some_and(|mark| asked.tick.as_nanos() <= mark.as_nanos().saturating_add(time))
        };
        if is_within(marked.at, self.settle) || is_within(marked.roles_at, self.settle) {
            return Err(Unusable::Changed);
        }
        let is_old = |moment: Moment| moment.age_nanos(now) > self.max_staleness;
        if !is_old(asked) {
            return Ok(());
        }
        if is_within(marked.roles_at, self.lag) {
            return Err(Unusable::RolesMayLag);
        }
        match self.when_silent {
            _ if !followed => Err(Unusable::Unfollowed),
            WhenSilent::Ask if is_old(watermark) => Err(Unusable::Silent),
            WhenSilent::Ask | WhenSilent::Keep => Ok(()),
        }
    }

    /// Returns the tick from which a verdict that stays in use must be obtained anew, by a new
    /// question; `None` if no change speaks against it. `asked` is the tick before the verdict was
    /// obtained, and `marked` are the newest marks that concern it.
    ///
    /// A change at `asked` or later puts the verdict in doubt at once. If `asked` is within
    /// `settle` after a change, or within `lag` after a change of roles, the answer may tell the
    /// old truth: it serves for `max_staleness`. A cached answer that may be used within `lag` is
    /// up to `max_staleness` older than `asked`, so `lag` is extended by that.
    ///
    /// `asked` is read between two batches: the marks of each batch are either earlier than `asked`
    /// and already written, or not earlier.
    #[must_use]
    pub fn doubted_at(&self, asked: Tick, marked: Marked) -> Option<Tick> {
        let newest = marked.at.max(marked.roles_at)?;
        if newest >= asked {
            return Some(asked);
        }
        let is_within =
            |mark: Tick, time: u64| asked.as_nanos() <= mark.as_nanos().saturating_add(time);
        let lag = self.lag.saturating_add(self.max_staleness);
        let may_be_old = is_within(newest, self.settle)
            || marked.roles_at.is_some_and(|mark| is_within(mark, lag));
        may_be_old.then(|| asked.after(Duration::from_nanos(self.max_staleness)))
    }
}

impl Unusable {
    /// Every reason, in the order of declaration: `ALL[x as usize] == x`.
    pub const ALL: [Self; 4] = [Self::Changed, Self::RolesMayLag, Self::Unfollowed, Self::Silent];

    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::RolesMayLag => "roles_may_lag",
            Self::Unfollowed => "unfollowed",
            Self::Silent => "silent",
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
