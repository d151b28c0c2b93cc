//! Table with the tick of the newest change (the mark) of each slot, and the watermark (the moment
//! up to which all changes are known). One thread writes, many read.
//!
//! The writer writes a mark before the watermark that covers it; a reader reads in the opposite
//! order, and so sees every mark that its watermark covers. No mark expires. If two things share a
//! slot, a change of one may cost an introspection for the other, but causes no error.

use domain::{Moment, Tick};

use super::atomic::{AtomicU64, Ordering};

/// Tick of the newest change in each slot, and the watermark.
pub(super) struct Marks<const SLOTS: usize> {
    /// Tick of each slot's newest change; 0 if there was none. With 65 536 slots, every `u16` is an
    /// index.
    slots: Box<[AtomicU64; SLOTS]>,
    everything: AtomicU64,
    /// Tick of the watermark, whose wall-clock time is `wall`. A reader may mix two watermarks: it
    /// then counts an age that is too large, never too small.
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

    /// Writes the tick `at` as mark of `slots` (`None` means all slots), then sets the watermark to
    /// `as_of`, if any.
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

    /// Returns the watermark: all changes up to it are known. Readers call this before they read
    /// marks.
    pub(super) fn watermark(&self) -> Moment {
        let tick = self.tick.load(Ordering::Acquire);
        Moment::from_nanos(tick, self.wall.load(Ordering::Acquire))
    }

    /// Returns the newest mark at the table indexes `slots`; `None` if none was marked. Marks that
    /// were written for all slots at once do not count.
    pub(super) fn newest(&self, slots: &[u16]) -> Option<Tick> {
        let marks = slots.iter().filter_map(|slot| self.slots.get(usize::from(*slot)));
        let newest = marks.map(|mark| mark.load(Ordering::Relaxed)).max().unwrap_or_default();
        (newest > 0).then_some(Tick::from_nanos(newest))
    }

    /// Returns the newest mark that was written for all slots at once; `None` if there was none.
    pub(super) fn newest_of_everything(&self) -> Option<Tick> {
        let newest = self.everything.load(Ordering::Relaxed);
        (newest > 0).then_some(Tick::from_nanos(newest))
    }
}
