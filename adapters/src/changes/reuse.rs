//! The rule of reuse, applied to what the feed told.

use domain::{ActiveToken, Batch, Marked, Moment, ReuseRule, Tick, Unusable};

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
        }
    }

    /// Takes in a batch at `now`: its marks first, then its watermark.
    pub(super) fn apply(&self, batch: &Batch, now: Tick) {
        let slots = batch.changes.iter().flat_map(|change| self.places.of_change(change));
        self.marks.write(slots, now, batch.as_of);
    }

    /// Returns the slots that concern an answer.
    pub(crate) fn concerned(&self, token: &ActiveToken) -> Concerned {
        let mut claims = token.principal.further_claims.names();
        let is_followed = !claims.any(|name| self.unfollowed_claims.iter().any(|it| **it == *name));
        self.places.of_answer(token, is_followed)
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
        let at_once = self.marks.newest(&concerned.at_once);
        let marked = Marked {
            at: at_once.max(self.marks.newest_of_everything()),
            roles_at: self.marks.newest(&concerned.roles),
        };
        self.rule.judge(now, watermark, (asked, concerned.followed), marked)
    }
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes")
            .field("rule", &self.rule)
            .field("watermark", &self.watermark())
            .finish_non_exhaustive()
    }
}
