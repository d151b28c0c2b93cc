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
    /// Tick at which the newest batch was applied. A batch is applied under this lock; a batch with
    /// changes wakes receivers.
    applied: watch::Sender<Tick>,
}

impl Changes {
    /// Creates an empty record of a feed's changes. Until the first batch, the feed counts as
    /// silent. A verdict with any of `unfollowed_claims` is used for at most `max_staleness`.
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

    /// Applies a batch: marks the slots of its changes, then sets the watermark.
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

    /// Returns the current tick: later than every mark written so far, and not later than any mark
    /// to come. Waits for a batch under way, which could otherwise still write an earlier mark.
    pub(super) fn tick_between_batches(&self, ticks: &dyn Ticks) -> Tick {
        let applied = self.applied.borrow();
        next_tick(*applied, ticks)
    }

    /// Returns a receiver that every later batch with changes wakes.
    pub(super) fn batches(&self) -> watch::Receiver<Tick> {
        self.applied.subscribe()
    }

    /// Returns the slots of the cached verdict `token`. A change that marks one makes the verdict
    /// unusable.
    pub(crate) fn concerned(&self, token: &ActiveToken) -> Concerned {
        let mut claims = token.principal.further_claims.names();
        let is_followed = !claims.any(|name| self.unfollowed_claims.iter().any(|it| **it == *name));
        self.slots.of_answer(token, is_followed)
    }

    /// Returns the slots of the verdict in use `token`. A change that marks one puts the verdict in
    /// doubt.
    pub(super) fn concerned_in_use(&self, token: &ActiveToken) -> Concerned {
        self.slots.of_use(token)
    }

    /// Returns the tick from which a verdict in use, obtained after `asked`, is in doubt; `None` if
    /// no change puts it in doubt.
    pub(super) fn doubted_at(&self, asked: Tick, concerned: &Concerned) -> Option<Tick> {
        self.rule.doubted_at(asked, self.marked(concerned))
    }

    /// Returns the watermark: the moment up to which no change is missing. Callers of
    /// [`judge`](Self::judge) read the watermark before the cached verdict.
    pub(crate) fn watermark(&self) -> Moment {
        self.marks.watermark()
    }

    /// Checks that a cached verdict with the slots `concerned` may be used at `now`. `asked` was
    /// read just before the verdict's introspection request was sent.
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

/// Returns the later of the current tick and the tick after `applied`.
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
