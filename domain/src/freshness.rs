//! Freshness of verdicts: cached, or obtained anew for the request.

/// Freshness that a verdict has, or that a rule demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// A cached or new verdict. A cached one is at most `cache.max_staleness` out of date; without
    /// a change feed, at most `cache.ttl`.
    #[default]
    Kept,
    /// A new verdict: the introspection request was sent after the caller's request arrived, or at
    /// most 100 ms before.
    Asked,
}

impl Freshness {
    /// Returns whether a verdict of this freshness is fresh enough for a rule that demands
    /// `needed`.
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
