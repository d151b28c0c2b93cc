//! Property test that the cursor loses no event: writers commit out of order, the clock steps back,
//! and calls fail.
//!
//! `PROPTEST_CASES=1000000 cargo test -p adapters --lib cursor::tests::model` tests that many logs.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    log::{Log, Reader, SECOND},
    *,
};

/// Pseudo-random numbers from a seed (`SplitMix64`).
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn is(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }
}

/// Takes up to `steps` random steps, each of which lets time pass, begins or commits a write, or
/// sets the database's clock. If `is_bulky`, a write may have more events than a page holds.
fn go_on(log: &mut Log, dice: &mut Dice, is_bulky: bool, steps: u64) {
    for _ in 0..dice.below(steps + 1) {
        match dice.below(12) {
            0..=3 => log.now += dice.below(20) * SECOND / 10,
            4..=6 => log.begin(1 + usize::try_from(dice.below(4)).unwrap()),
            7 => log.begin(usize::try_from(dice.below(if is_bulky { 160 } else { 60 })).unwrap()),
            8..=10 if !log.open.is_empty() => {
                let open = u64::try_from(log.open.len()).unwrap();
                log.commit(usize::try_from(dice.below(open)).unwrap());
            }
            // The clock steps back by less than the overlap, and never to the exact microsecond of
            // a write larger than a page: an event of that time could not be read.
            11 => log.behind = dice.below(98) * SECOND / 10 + dice.below(SECOND / 10),
            _ => {}
        }
    }
}

/// Drops the newest events, as restoring a backup does.
fn restore(log: &mut Log, dice: &mut Dice) {
    log.committed.sort();
    let kept = log.committed.len().saturating_sub(1 + usize::try_from(dice.below(5)).unwrap());
    log.committed.truncate(kept);
    log.open.clear();
    log.now += 60 * SECOND;
    log.behind = 0;
}

/// Reads a random log repeatedly. Checks after each complete read that every event committed before
/// it was reported, or that every cached response was forgotten after the event's commit.
fn no_event_is_lost(seed: u64) -> Result<(), TestCaseError> {
    let mut dice = Dice(seed);
    let mut log = Log::new();
    // Without writes larger than a page, hardly anything is forgotten.
    let is_bulky = dice.is(2);
    log.cap = [100, 130, 1_000][usize::try_from(dice.below(3)).unwrap()];
    go_on(&mut log, &mut dice, is_bulky, 20);
    while !log.open.is_empty() {
        log.commit(0);
    }
    let old: BTreeSet<Key> = log.committed.iter().cloned().collect();
    let mut reader = Reader::new(&log);
    let mut settled: BTreeSet<Key> = old;
    let mut lost_newest = None;
    for _ in 0..12 {
        go_on(&mut log, &mut dice, is_bulky, 8);
        if dice.is(25) {
            let is_there = |key: &&Key| log.committed.contains(*key);
            lost_newest = reader.told.iter().filter(is_there).max().cloned();
            restore(&mut log, &mut dice);
            // No read waits for the events of a passed time.
            lost_newest = lost_newest.filter(|newest| {
                !log.committed.contains(newest) && !reader.cursor.remembered.is_passed(newest.time)
            });
        }
        let before: Vec<Key> = log.committed.clone();
        let told_from = reader.told.len();
        let mut next = Some(reader.cursor.begin(log.moment()));
        let mut is_complete = true;
        while let Some(ask) = next {
            log.call();
            log.now += SECOND / 10;
            go_on(&mut log, &mut dice, is_bulky, 4);
            if dice.is(15) {
                is_complete = false;
                break;
            }
            let page = log.answer(ask);
            go_on(&mut log, &mut dice, is_bulky, 2);
            let forgets = reader.forgets.len();
            next = reader.turn(page, log.moment());
            if reader.forgets.len() > forgets {
                // All cached responses were requested before this, and are requested again.
                settled.extend(log.committed.iter().cloned());
                lost_newest = None;
            }
        }
        settled.extend(reader.told[told_from..].iter().cloned());
        if is_complete {
            prop_assert!(lost_newest.take().is_none(), "a restore is not noticed");
            let lost = before.iter().find(|key| !settled.contains(key));
            prop_assert!(lost.is_none(), "lost: {lost:?}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_event_that_was_committed_before_a_read_is_missing_after_it(seed: u64) {
        no_event_is_lost(seed)?;
    }
}
