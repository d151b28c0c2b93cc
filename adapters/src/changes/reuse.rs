//! Rule of reuse, applied to the changes that the feed told.

use std::time::Duration;

use domain::{ActiveToken, Batch, Marked, Moment, ReuseRule, Tick, Ticks, Unusable};
use tokio::sync::watch;

use super::{
    concerned::{Concerned, Slots},
    marks::Marks,
};

/// Knowledge of changes. One follower writes it; each use of a cached answer reads it.
pub struct Changes {
    rule: ReuseRule,
    marks: Marks<65_536>,
    slots: Slots,
    /// Names of further claims whose changes no known event type tells.
    unfollowed_claims: Box<[Box<str>]>,
    /// Tick of the marks of the newest batch. A batch is applied under its lock, and one that has
    /// changes wakes its receivers.
    applied: watch::Sender<Tick>,
}

impl Changes {
    /// Starts without knowledge: the watermark is at the beginning of time, so answers are used as
    /// in silence. An answer that has one of `unfollowed_claims` is used for at most
    /// `max_staleness`.
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

    /// Applies a batch: its marks first, then its watermark.
    pub(super) fn apply(&self, batch: &Batch, ticks: &dyn Ticks) {
        self.applied.send_if_modified(|applied| {
            // Read after the batch came: an answer to an earlier question may tell the truth from
            // before the batch's changes.
            *applied = next_tick(*applied, ticks);
            let slots = batch.changes.iter().flat_map(|change| self.slots.of_change(change));
            self.marks.write(slots, *applied, batch.as_of);
            !batch.changes.is_empty()
        });
    }

    /// Returns the current tick, which is later than the marks of each batch applied so far and not
    /// later than those of any other batch. Without the lock, a batch could read its tick before
    /// and write its marks after a verdict was obtained: no mark would speak against that verdict.
    pub(super) fn tick_between_batches(&self, ticks: &dyn Ticks) -> Tick {
        let applied = self.applied.borrow();
        next_tick(*applied, ticks)
    }

    /// Returns a receiver that each later batch with changes wakes.
    pub(super) fn batches(&self) -> watch::Receiver<Tick> {
        self.applied.subscribe()
    }

    /// Returns the slots that concern a cached answer.
    pub(crate) fn concerned(&self, token: &ActiveToken) -> Concerned {
        let mut claims = token.principal.further_claims.names();
        let is_followed = !claims.any(|name| self.unfollowed_claims.iter().any(|it| **it == *name));
        self.slots.of_answer(token, is_followed)
    }

    /// Returns the slots that concern an answer that stays in use.
    pub(super) fn concerned_in_use(&self, token: &ActiveToken) -> Concerned {
        self.slots.of_use(token)
    }

    /// Returns the tick from which the answer to a question asked at `asked` is in doubt.
    pub(super) fn doubted_at(&self, asked: Tick, concerned: &Concerned) -> Option<Tick> {
        self.rule.doubted_at(asked, self.marked(concerned))
    }

    /// Reads the moment up to which no change is missing. A use calls this before it reads the
    /// answer.
    pub(crate) fn watermark(&self) -> Moment {
        self.marks.watermark()
    }

    /// Judges whether an answer may be used at `now`; `watermark` was read before the answer.
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

/// Returns the current tick, or the one after `applied` if that is later.
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
