//! How fresh a verdict has to be, by rule.

/// How fresh the verdict must be by which a rule judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// A kept verdict will do, for as long as it may be reused: with a change feed it is at most
    /// `cache.max_staleness` out of date, with a cache alone at most `cache.ttl`.
    #[default]
    Kept,
    /// The authorization server is asked for this request: by a question that is sent after the
    /// request came, or at most 100 ms before.
    Asked,
}

impl Freshness {
    /// Returns whether a verdict of this freshness serves a rule that asks for `needed`.
    #[must_use]
    pub fn serves(self, needed: Self) -> bool {
        self >= needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asked_verdict_serves_every_rule_and_a_kept_one_those_that_take_it() {
        use Freshness::{Asked, Kept};
        for (found, needed, serves) in
            [(Kept, Kept, true), (Kept, Asked, false), (Asked, Kept, true), (Asked, Asked, true)]
        {
            assert_eq!(found.serves(needed), serves, "{found:?} {needed:?}");
        }
    }
}
