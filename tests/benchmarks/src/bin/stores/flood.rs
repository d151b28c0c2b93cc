//! Fraction of the tokens in use that survives a flood of tokens used once.

use benchmarks::stores::{Candidate, digest, entry};

const MAX_ENTRIES: usize = 10_000;
const IN_USE: u32 = 1_000;
/// Number of tokens used once between two requests with tokens in use.
const ONE_OFF: usize = 100;
const ROUNDS: u32 = 20;

/// Returns the fraction of hits among requests with tokens in use, which are warm at the start.
/// Every miss is stored, as after an introspection.
pub(crate) fn hits_kept(candidate: Candidate) -> f64 {
    let store = candidate.open(MAX_ENTRIES);
    let entry = entry();
    let is_hit = |number| {
        let hit = store.get(digest(number)).is_some();
        if !hit {
            store.insert(digest(number), entry.clone());
        }
        hit
    };
    for _ in 0..3 {
        for number in 0..IN_USE {
            is_hit(number);
        }
    }
    let mut one_off = IN_USE..;
    let mut hits = 0_u32;
    for _ in 0..ROUNDS {
        for number in 0..IN_USE {
            hits += u32::from(is_hit(number));
            for number in one_off.by_ref().take(ONE_OFF) {
                is_hit(number);
            }
        }
    }
    f64::from(hits) / f64::from(ROUNDS * IN_USE)
}
