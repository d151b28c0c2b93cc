//! Table of recorded changes. Each entry (slot) belongs to a user, session or other thing, and
//! holds a mark: the time when the newest change of that thing was recorded. The watermark, up to
//! which all changes are recorded, is kept with the table. One thread writes, many read.
//!
//! The writer writes a mark before the watermark that covers it; a reader reads in the opposite
//! order, and so sees every mark that its watermark covers. No mark expires. If two things share a
//! slot, a change of one may cost an introspection for the other, but causes no error.

use domain::{Moment, Tick};

use super::atomic::{AtomicU64, Ordering};

pub(super) struct Marks<const SLOTS: usize> {
    /// Time of the newest change recorded at each table index, in nanoseconds of the monotonic
    /// clock; 0 if there was none. The program's table has 65 536 entries, one for each `u16`.
    slots: Box<[AtomicU64; SLOTS]>,
    everything: AtomicU64,
    /// Watermark by the monotonic clock, in nanoseconds; the field `wall` holds it by the wall
    /// clock. A reader may get one of the two from an older watermark: the watermark then seems too
    /// old, never too new.
    tick: AtomicU64,
    wall: AtomicU64,
}

impl<const SLOTS: usize> Marks<SLOTS> {
    pub(super) fn new() -> Self {
        let slots: Box<[AtomicU64]> = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self {
            slots: slots.try_into().unwrap_or_else(|_| unreachable!("it has this many")),
            everything: AtomicU64::new(0),
            tick: AtomicU64::new(0),
            wall: AtomicU64::new(0),
        }
    }

    /// Records changes in the table entries `slots` with the time `at`, then sets the watermark to
    /// `as_of`, if any. `None` in `slots` stands for a change that concerns every verdict.
    pub(super) fn write(
        &self,
        slots: impl IntoIterator<Item = Option<u16>>,
        at: Tick,
        as_of: Option<Moment>,
    ) {
        for slot in slots {
            let mark =
                slot.map_or(Some(&self.everything), |slot| self.slots.get(usize::from(slot)));
            if let Some(mark) = mark {
                mark.store(at.as_nanos(), Ordering::Relaxed);
            }
        }
        let Some(as_of) = as_of else { return };
        self.wall.store(as_of.wall_nanos(), Ordering::Release);
        self.tick.store(as_of.tick.as_nanos(), Ordering::Release);
    }

    /// Returns the watermark: all changes up to it are recorded. Readers call this before they read
    /// the changes.
    pub(super) fn watermark(&self) -> Moment {
        let tick = self.tick.load(Ordering::Acquire);
        Moment::from_nanos(tick, self.wall.load(Ordering::Acquire))
    }

    /// Returns the time of the newest change recorded at one of the table indexes `slots`; `None`
    /// if there was none. Changes that concern every verdict do not count.
    pub(super) fn newest(&self, slots: &[u16]) -> Option<Tick> {
        let marks = slots.iter().filter_map(|slot| self.slots.get(usize::from(*slot)));
        let newest = marks.map(|mark| mark.load(Ordering::Relaxed)).max().unwrap_or_default();
        (newest > 0).then_some(Tick::from_nanos(newest))
    }

    /// Returns the time of the newest change that concerns every verdict; `None` if there was none.
    pub(super) fn newest_of_everything(&self) -> Option<Tick> {
        let newest = self.everything.load(Ordering::Relaxed);
        (newest > 0).then_some(Tick::from_nanos(newest))
    }
}
