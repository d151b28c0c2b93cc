//! The rule by which an answer that is kept may be used again.
//!
//! An answer to a question that was asked at `asked` may be used at `now` iff nothing was said against
//! it since, and either the question or the last thing that the change feed told is at most
//! `max_staleness` old. `exp`, a time to live and the policy are judged elsewhere.
//!
//! The rule holds whatever message is lost, late, doubled or reordered, if two orders are kept:
//! - A change is *published* as its mark first, then the watermark.
//! - A use *reads* `now` first, then the watermark, then the answer, then the marks.
//!
//! Proof. Let the truth change at T, and let an answer tell the old truth: `asked < T`. If the
//! watermark that a use reads is at or after T, then the change was applied before that watermark was
//! published, the use sees its mark, and the mark is later than the question: the answer is refused.
//! If it is before T, then `now <= max(asked, watermark) + max_staleness < T + max_staleness`.
//!
//! A verdict that stays in use, such as that on an open stream, is not judged again at each use: the rule
//! says when it has to be obtained anew. By a verdict that was asked for nothing is done that is more than
//! `max_staleness` out of date, or more than the watermark; where the first one was a kept answer, twice
//! that until it is obtained anew.

use std::time::Duration;

use crate::{Moment, Tick, moment::nanos};

/// Bounds within which an answer that is kept may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReuseRule {
    max_staleness: u64,
    settle: u64,
    lag: u64,
    when_silent: WhenSilent,
}

/// The reuse of answers while the change feed tells nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenSilent {
    /// An answer is used for `max_staleness` after its question, then the server is asked.
    #[default]
    Ask,
    /// An answer is used for as long as its time to live allows.
    Keep,
}

/// The newest marks that concern an answer: moments at which changes were applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Of a change that introspection tells at once; `None` where there was none.
    pub at: Option<Tick>,
    /// Of a change of roles, which introspection may tell late; `None` where there was none.
    pub roles_at: Option<Tick>,
}

/// Reason for which an answer must not be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Something changed after the question, or within `settle` before it.
    Changed,
    /// Roles changed within `lag` before the question, and the question is older than
    /// `max_staleness`: it may have been answered with the old roles.
    RolesMayLag,
    /// The question is older than `max_staleness`, and the answer has claims of which no feed tells.
    Unfollowed,
    /// Neither the question nor the last thing that the feed told is young enough.
    Silent,
}

impl ReuseRule {
    /// Puts the rule together.
    ///
    /// No request is judged by knowledge that is more than `max_staleness` out of date. For `settle`
    /// after a change was applied no answer that it concerns is kept, and for `lag` after a change of
    /// roles none for longer than `max_staleness`.
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

    /// Judges whether the answer to a question asked at `asked` may be used at `now`. The arguments are
    /// read in the order `now`, `watermark`, `asked`, `marked`. An answer that is not `followed` has
    /// claims of which no feed tells.
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

    /// Returns the tick from which a verdict that stays in use has to be obtained anew, by a new question;
    /// `None` where nothing was said against it. It was obtained from `asked` on, and `marked` are the
    /// newest marks that concern it.
    ///
    /// It is doubted at once where something changed at `asked` or later. Within `settle` after a change,
    /// and within `lag` after one of roles, it may have been answered with the old truth: then it serves for
    /// `max_staleness`. A kept answer that may be used in `lag` is up to `max_staleness` older than `asked`,
    /// so the time after a change of roles is longer by that.
    ///
    /// `asked` is read between two batches: each is applied before it, with marks that are earlier, or has
    /// marks that are not.
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

    /// Returns the one word for it.
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
