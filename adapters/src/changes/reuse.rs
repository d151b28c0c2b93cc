//! Decides, by the domain's reuse rule and the changes that the feed has reported, whether a cached
//! verdict may be used.

use std::time::Duration;

use domain::{ActiveToken, Batch, Marked, Moment, ReuseRule, Tick, Ticks, Unusable};
use tokio::sync::watch;

use super::{
    concerned::{Concerned, Slots},
    marks::Marks,
};

/// Changes that the feed has reported. One task writes them; each use of a cached verdict reads
/// them.
pub struct Changes {
    rule: ReuseRule,
    marks: Marks<65_536>,
    slots: Slots,
    /// Names of additional claims whose changes no known ZITADEL event reports.
    unfollowed_claims: Box<[Box<str>]>,
    /// Channel with the time when the newest batch of changes was recorded. It is locked while a
    /// batch is recorded; a batch with changes wakes its receivers.
    applied: watch::Sender<Tick>,
}

impl Changes {
    /// Creates an empty record of a feed's changes. Until the first batch with a watermark arrives,
    /// cached verdicts are judged as if the feed could not be read. A verdict with any of
    /// `unfollowed_claims`, whose changes the feed does not report, is reused only until its
    /// introspection request is older than `max_staleness`, a time limit in `rule`.
    #[must_use]
    pub fn new(rule: ReuseRule, unfollowed_claims: impl IntoIterator<Item = String>) -> Self {
        Self {
            rule,
            marks: Marks::new(),
            slots: Slots::new(),
            unfollowed_claims: unfollowed_claims.into_iter().map(Into::into).collect(),
            applied: watch::Sender::default(),
        }
    }

    /// Records the changes of a batch (the result of one read of the feed), then sets the
    /// watermark, if the batch has one.
    pub(super) fn apply(&self, batch: &Batch, ticks: &dyn Ticks) {
        self.applied.send_if_modified(|applied| {
            // Read after the batch arrived: a verdict requested earlier may tell the truth from
            // before the batch's changes.
            *applied = next_tick(*applied, ticks);
            let slots = batch.changes.iter().flat_map(|change| self.slots.of_change(change));
            self.marks.write(slots, *applied, batch.as_of);
            !batch.changes.is_empty()
        });
    }

    /// Returns the current time of the monotonic clock. It is later than every change recorded so
    /// far, and not later than any change to come: the call waits while a batch of changes is being
    /// recorded.
    pub(super) fn tick_between_batches(&self, ticks: &dyn Ticks) -> Tick {
        let applied = self.applied.borrow();
        next_tick(*applied, ticks)
    }

    pub(super) fn batches(&self) -> watch::Receiver<Tick> {
        self.applied.subscribe()
    }

    /// Returns the indexes of the cached verdict `token` in the table of changes. A later change
    /// recorded at one of them makes the verdict unusable.
    pub(crate) fn concerned(&self, token: &ActiveToken) -> Concerned {
        let mut claims = token.principal.further_claims.names();
        let is_followed = !claims.any(|name| self.unfollowed_claims.iter().any(|it| **it == *name));
        self.slots.of_answer(token, is_followed)
    }

    /// Returns the indexes, in the table of changes, of `token`, a verdict in use such as that of
    /// an open stream. After a change recorded at one of them, the verdict must be obtained anew.
    pub(super) fn concerned_in_use(&self, token: &ActiveToken) -> Concerned {
        self.slots.of_use(token)
    }

    /// Returns the time at which a verdict in use must be obtained anew because of a change; `None`
    /// if no change requires it. `asked` is the time just before the verdict was obtained.
    pub(super) fn doubted_at(&self, asked: Tick, concerned: &Concerned) -> Option<Tick> {
        self.rule.doubted_at(asked, self.marked(concerned))
    }

    /// Returns the watermark: the moment up to which no change is missing. Callers of
    /// [`judge`](Self::judge) read it before they look up the cached verdict, as
    /// `domain::ReuseRule` requires.
    pub(crate) fn watermark(&self) -> Moment {
        self.marks.watermark()
    }

    /// Checks that a cached verdict may be used at `now`. `asked` is the moment just before its
    /// introspection request was sent. Changes that concern the verdict are recorded at the table
    /// indexes `concerned`.
    pub(crate) fn judge(
        &self,
        now: Moment,
        watermark: Moment,
        asked: Moment,
        concerned: &Concerned,
    ) -> Result<(), Unusable> {
        self.rule.judge(now, watermark, (asked, concerned.followed), self.marked(concerned))
    }

    fn marked(&self, concerned: &Concerned) -> Marked {
        let at_once = self.marks.newest(&concerned.at_once);
        Marked {
            at: at_once.max(self.marks.newest_of_everything()),
            roles_at: self.marks.newest(&concerned.roles),
        }
    }
}

/// Returns the current time of the monotonic clock, or 1 ns after `applied` (the newest batch's
/// time) if that is later: no two batches of changes have the same time.
fn next_tick(applied: Tick, ticks: &dyn Ticks) -> Tick {
    ticks.now().max(applied.after(Duration::from_nanos(1)))
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes")
            .field("rule", &self.rule)
            .field("watermark", &self.watermark())
            .finish_non_exhaustive()
    }
}
