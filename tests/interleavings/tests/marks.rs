//! The table of marks, with loom's atomics, in every order that the memory model allows.

#![expect(clippy::expect_used, reason = "a thread that panicked fails the test")]

mod atomic {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
}

#[path = "../../../adapters/src/changes/marks.rs"]
mod marks;

use domain::{Moment, Tick};
use loom::{sync::Arc, thread};

use marks::Marks;

const APPLIED: u64 = 100;
const AS_OF: u64 = 90;

const MARKED: Option<Tick> = Some(Tick::from_nanos(APPLIED));

/// Runs `read` concurrently with `write`, in every order.
fn check(
    write: impl Fn(&Marks<4>) + Send + Sync + Copy + 'static,
    read: impl Fn(&Marks<4>) + Copy + Send + Sync + 'static,
) {
    loom::model(move || {
        let marks = Arc::new(Marks::new());
        let writer = {
            let marks = Arc::clone(&marks);
            thread::spawn(move || write(&marks))
        };
        read(&marks);
        writer.join().expect("the writer ends");
    });
}

#[test]
fn a_reader_that_sees_a_watermark_sees_every_mark_from_before_it() {
    check(
        |marks| {
            let as_of = Moment::from_nanos(AS_OF, AS_OF);
            marks.write([Some(1), None], Tick::from_nanos(APPLIED), Some(as_of));
        },
        |marks| {
            let watermark = marks.watermark();
            // One half is enough: an age uses the older one.
            if watermark.tick.as_nanos() == AS_OF || watermark.wall_nanos() == AS_OF {
                assert_eq!(marks.newest(&[0, 1]), MARKED);
                assert_eq!(marks.newest_of_everything(), MARKED);
            }
        },
    );
}

#[test]
fn a_watermark_that_is_half_read_is_older_than_the_newest_never_younger() {
    check(
        |marks| {
            for as_of in [10, 20] {
                marks.write([], Tick::default(), Some(Moment::from_nanos(as_of, as_of)));
            }
        },
        |marks| {
            let (before, after) = (marks.watermark(), marks.watermark());
            let now = Moment::from_nanos(20, 20);
            assert!(after.age_nanos(now) <= before.age_nanos(now));
        },
    );
}

#[test]
fn a_mark_is_newer_than_the_marks_before_it() {
    check(
        |marks| {
            marks.write([Some(2)], Tick::from_nanos(1), None);
            marks.write([Some(2)], Tick::from_nanos(2), None);
        },
        |marks| {
            let (before, after) = (marks.newest(&[2]), marks.newest(&[2]));
            assert!(before <= after);
        },
    );
}
