//! The rule of reuse, applied to what the feed told.

use std::time::Duration;

use domain::{ActiveToken, Batch, Marked, Moment, ReuseRule, Tick, Ticks, Unusable};
use tokio::sync::watch;

use super::{
    concerned::{Concerned, Places},
    marks::Marks,
};

/// Knowledge of changes. One follower writes it; each use of a kept answer reads it.
pub struct Changes {
    rule: ReuseRule,
    marks: Marks<65_536>,
    places: Places,
    /// Names of kept claims of which no event type is known.
    unfollowed_claims: Box<[Box<str>]>,
    /// Tick of the marks of the newest batch. A batch is applied under its lock, and one that has changes
    /// wakes its receivers.
    applied: watch::Sender<Tick>,
}

impl Changes {
    /// Knows nothing yet: with a watermark at the beginning of time, answers are used as in silence. An
    /// answer that has one of `unfollowed_claims` is used for `max_staleness` alone.
    #[must_use]
    pub fn new(rule: ReuseRule, unfollowed_claims: impl IntoIterator<Item = String>) -> Self {
        Self {
            rule,
            marks: Marks::new(),
            places: Places::new(),
            unfollowed_claims: unfollowed_claims.into_iter().map(Into::into).collect(),
            applied: watch::Sender::default(),
        }
    }

    /// Takes in a batch: its marks first, then its watermark.
    pub(super) fn apply(&self, batch: &Batch, ticks: &dyn Ticks) {
        self.applied.send_if_modified(|applied| {
            // Read after the batch came: an answer to a question from before that is no younger than
            // what the batch tells.
            *applied = next_tick(*applied, ticks);
            let slots = batch.changes.iter().flat_map(|change| self.places.of_change(change));
            self.marks.write(slots, *applied, batch.as_of);
            !batch.changes.is_empty()
        });
    }

    /// Returns the tick of now, which is later than the marks of each batch that was applied by now, and
    /// not later than those of each other. Without the lock, a batch could have read its tick before and
    /// written its marks after a verdict was obtained: no mark would speak against that verdict.
    pub(super) fn tick_between_batches(&self, ticks: &dyn Ticks) -> Tick {
        let applied = self.applied.borrow();
        next_tick(*applied, ticks)
    }

    /// Returns a receiver that is woken by each later batch that has changes.
    pub(super) fn batches(&self) -> watch::Receiver<Tick> {
        self.applied.subscribe()
    }

    /// Returns the slots that concern an answer.
    pub(crate) fn concerned(&self, token: &ActiveToken) -> Concerned {
        let mut claims = token.principal.further_claims.names();
        let is_followed = !claims.any(|name| self.unfollowed_claims.iter().any(|it| **it == *name));
        self.places.of_answer(token, is_followed)
    }

    /// Returns the slots that concern an answer which stays in use.
    pub(super) fn concerned_in_use(&self, token: &ActiveToken) -> Concerned {
        self.places.of_use(token)
    }

    /// Returns the tick from which the answer to a question asked at `asked` is in doubt.
    pub(super) fn doubted_at(&self, asked: Tick, concerned: &Concerned) -> Option<Tick> {
        self.rule.doubted_at(asked, self.marked(concerned))
    }

    /// Reads the moment up to which nothing is missing, before the answer that is judged by it.
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

/// Returns the tick of now, or the next one where `applied` has that already.
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
