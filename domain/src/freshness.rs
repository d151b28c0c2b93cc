//! Freshness that a rule demands of a verdict.

/// Freshness of a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// A cached verdict will do while it may be reused: with a change feed it is at most
    /// `cache.max_staleness` out of date, with a cache alone at most `cache.ttl`.
    #[default]
    Kept,
    /// The authorization server is asked for this request: its question is sent after the request
    /// arrived, or at most 100 ms before.
    Asked,
}

impl Freshness {
    /// Returns whether a verdict of this freshness serves a rule that demands `needed`.
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
