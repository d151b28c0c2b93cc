//! The rule that decides whether a cached verdict may be used again.
//!
//! Let `asked` be the time just before the introspection request for a verdict was sent. Let the
//! watermark be the moment up to which the change feed has reported all changes. The verdict may be
//! used at `now` if both hold:
//! - The feed has reported no change after `asked` that concerns the verdict.
//! - `asked` or the watermark is at most `max_staleness` old.
//!
//! `exp`, the time to live and the policy are judged elsewhere.
//!
//! The bound below holds even if messages are lost, late, doubled or reordered, as long as two
//! orders are kept:
//! - A change is *published* by writing its mark first, then the watermark.
//! - A use of the verdict *reads* `now`, then the watermark, then the verdict, then the marks.
//!
//! Proof. Let the truth change at T, and let a verdict show the old truth: `asked < T`. If the
//! watermark that a use reads is at or after T, then the change was marked before that watermark
//! was published. The use sees the mark, which is later than `asked`, and refuses the verdict. If
//! the watermark is before T, then
//! `now <= max(asked, watermark) + max_staleness < T + max_staleness`.
//!
//! A verdict in use, such as that of an open stream, is not judged at each use, but obtained anew
//! at the time that the rule returns. One obtained by a request is out of date by at most the
//! larger of `max_staleness` and the age of the watermark. A first one from the cache may be out of
//! date by twice `max_staleness`.

use std::time::Duration;

use crate::{Moment, Tick, moment::nanos};

/// Rule that decides whether a cached verdict may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReuseRule {
    max_staleness: u64,
    settle: u64,
    lag: u64,
    when_silent: WhenSilent,
}

/// Use of cached verdicts while the change feed is silent, that is, cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenSilent {
    /// While the watermark is older than `max_staleness`, a cached verdict may be used only for
    /// `max_staleness` after its introspection request.
    #[default]
    Ask,
    /// While the feed cannot be read, a cached verdict may be used for its whole time to live.
    Keep,
}

/// Times at which this process learned of the newest changes that may make a verdict untrue: one
/// time for changes of roles, one for all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Time at which this process learned of the newest change that concerns the verdict, except of
    /// roles; `None` if there is none.
    pub at: Option<Tick>,
    /// Time at which this process learned of the newest change of roles that concerns the verdict;
    /// `None` if there is none. Introspection may return the old roles for a while.
    pub roles_at: Option<Tick>,
}

/// Reason why a cached verdict must not be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// This process learned of a change after the introspection request was sent, or a short time
    /// (`settle`) before: the verdict may not show it.
    Changed,
    /// Roles changed at most `lag` before the introspection request, so the verdict may name the
    /// old ones, and the request is older than `max_staleness`.
    RolesMayLag,
    /// The change feed does not report every change that may concern the verdict, and the
    /// introspection request is older than `max_staleness`.
    Unfollowed,
    /// The introspection request and the watermark (latest moment up to which the change feed was
    /// read) are both older than `max_staleness`.
    Silent,
}

impl ReuseRule {
    /// Creates the rule for a server whose introspection shows a change of roles after at most
    /// `lag`, and any other change after at most `settle`.
    ///
    /// With [`WhenSilent::Ask`], no verdict is used that is more than `max_staleness` out of date.
    /// [`Unusable`] describes the effects of `settle` and `lag`.
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

    /// Checks that a cached verdict may be used at `now`. `asked` is the moment just before its
    /// introspection request was sent, and `marked` holds the times of changes that concern it.
    /// `followed` is true if the feed reports every such change.
    ///
    /// The caller must read the arguments in the order `now`, `watermark`, `asked`, `marked`.
    ///
    /// # Errors
    /// The first reason that applies, in the order of [`Unusable`].
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

    /// Returns the time when an open stream must obtain its verdict anew by a request, because a
    /// change may have made it untrue; `None` if no such change is known. `asked` was read just
    /// before the verdict was obtained.
    ///
    /// A change at `asked` or later puts the verdict in doubt at once. If `asked` is within
    /// `settle` after a change, or within `lag` after a change of roles, the verdict may be from
    /// before the change: it must be obtained anew after `max_staleness`. A verdict from the cache
    /// may be up to `max_staleness` older than `asked`, so `lag` is extended by that time.
    ///
    /// The caller reads `asked` between two batches of changes: every mark earlier than `asked` is
    /// already written.
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
    /// All reasons, each at the index `reason as usize`.
    pub const ALL: [Self; 4] = [Self::Changed, Self::RolesMayLag, Self::Unfollowed, Self::Silent];

    /// Returns the keyword of the reason, used as a metric label.
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
