//! Freshness of verdicts: cached, or obtained anew for the request.

/// Freshness of a verdict, or that which a rule demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// A verdict from the cache, or a new one. With a change feed, a cached verdict is at most
    /// `cache.max_staleness` out of date, otherwise at most `cache.ttl`.
    #[default]
    Kept,
    /// A new verdict: the introspection request is sent after the request arrived, or at most 100
    /// ms before.
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
