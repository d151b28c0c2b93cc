//! Tests of single conditions in the cursor's code: a test here fails if its condition is removed.

use super::{
    log::{Log, Reader, SECOND},
    *,
};

fn read_log(events: usize) -> (Log, Reader) {
    let mut log = Log::new();
    let mut reader = Reader::new(&log);
    for _ in 0..events {
        log.now += SECOND / 10;
        log.write(1);
    }
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
    (log, reader)
}

#[test]
fn the_first_event_of_an_empty_log_is_not_lost() {
    let mut log = Log::new();
    let mut reader = Reader::new(&log);
    reader.read(&mut log);
    log.write(1);
    reader.read(&mut log);
    assert_eq!((reader.told.len(), reader.forgets.len()), (1, 0));
}

#[test]
fn what_was_committed_since_the_feed_was_made_is_read_by_the_first_read() {
    let mut log = Log::new();
    let mut reader = Reader::new(&log);
    log.write(1);
    log.now += 20 * SECOND;
    log.write(1);
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
}

#[test]
fn the_duration_of_the_read_before_is_gone_back_by() {
    let (mut log, mut reader) = read_log(3);
    // During a read of 15 s, a write takes its time and stays open, while a later one commits.
    let ask = reader.cursor.begin(log.moment());
    log.call();
    log.begin(1);
    log.now += 14 * SECOND;
    log.write(1);
    log.now += SECOND;
    log.write(1);
    let page = log.answer(ask);
    let mut next = reader.turn(page, log.moment());
    while let Some(ask) = next {
        let page = log.answer(ask);
        next = reader.turn(page, log.moment());
    }
    log.commit(0);
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
}

#[test]
fn an_event_of_a_clock_that_stepped_back_within_the_overlap_is_read() {
    let (mut log, mut reader) = read_log(3);
    log.behind = 9 * SECOND;
    log.write(1);
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
}

#[test]
fn a_clock_that_stepped_back_further_is_noticed_within_a_minute() {
    let (mut log, mut reader) = read_log(3);
    for _ in 0..100 {
        log.now += SECOND;
        log.write(1);
        reader.read(&mut log);
    }
    log.behind = 60 * SECOND;
    log.write(1);
    for _ in 0..=60 {
        log.now += SECOND;
        reader.read(&mut log);
    }
    assert_eq!(reader.missing(&log), 0);
    assert_eq!(reader.forgets, [Forget::ClockStepped]);
    // From then on each read finds late events with an early time, and nothing has to be forgotten.
    log.write(1);
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 1));
}

#[test]
fn a_log_that_lacks_its_newest_event_was_restored() {
    let (mut log, mut reader) = read_log(3);
    log.committed.pop();
    reader.read(&mut log);
    assert_eq!(reader.forgets, [Forget::Restored]);
    reader.read(&mut log);
    assert_eq!(reader.forgets, [Forget::Restored, Forget::FoundAnew]);
    reader.read(&mut log);
    assert_eq!(reader.forgets.len(), 2);
}

#[test]
fn a_log_with_another_event_in_an_events_place_was_restored() {
    for other in [0, 1, 2] {
        let (mut log, mut reader) = read_log(3);
        log.committed[other].time = log.committed[other].time.before(Duration::from_micros(1));
        reader.read(&mut log);
        assert_eq!(reader.forgets, [Forget::Restored], "{other}");
    }
}

#[test]
fn a_log_that_is_empty_all_at_once_was_restored() {
    let (mut log, mut reader) = read_log(3);
    log.committed.clear();
    reader.read(&mut log);
    assert_eq!(reader.forgets, [Forget::Restored]);
}

#[test]
fn events_of_one_time_that_two_pages_share_are_all_read() {
    let (mut log, mut reader) = read_log(3);
    log.cap = 100;
    for _ in 0..9 {
        log.now += SECOND / 100;
        log.write(30);
    }
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
}

#[test]
fn a_time_with_more_events_than_a_page_holds_is_passed() {
    let (mut log, mut reader) = read_log(3);
    log.now += SECOND;
    log.write(1_001);
    log.now += SECOND;
    log.write(1);
    reader.read(&mut log);
    assert_eq!(reader.forgets, [Forget::TooMany]);
    assert!(reader.told.contains(log.committed.last().unwrap()), "nothing behind it is lost");
    reader.read(&mut log);
    assert_eq!(reader.forgets, [Forget::TooMany; 2]);
    for _ in 0..15 {
        log.now += SECOND;
        log.write(1);
        reader.read(&mut log);
        assert!(reader.told.contains(log.committed.last().unwrap()));
    }
    assert_eq!(reader.forgets.len(), 2);
}

#[test]
fn what_comes_behind_a_time_that_was_passed_is_read() {
    let (mut log, mut reader) = read_log(3);
    log.now += SECOND;
    log.write(1_001);
    for _ in 0..5 {
        reader.read(&mut log);
    }
    assert_eq!(reader.forgets, [Forget::TooMany; 2]);
    log.now += SECOND;
    log.write(1);
    reader.read(&mut log);
    assert!(reader.told.contains(log.committed.last().unwrap()));
}

#[test]
fn many_events_of_one_time_that_a_page_holds_are_no_reason_to_forget() {
    let (mut log, mut reader) = read_log(3);
    log.now += 60 * SECOND;
    log.write(500);
    for _ in 0..3 {
        reader.read(&mut log);
    }
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
}

#[test]
fn a_cap_below_the_limit_hides_nothing() {
    let (mut log, mut reader) = read_log(3);
    log.cap = 100;
    for _ in 0..450 {
        log.now += SECOND / 100;
        log.write(1);
    }
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
}

#[test]
fn after_a_burst_the_first_page_brings_nothing_new_and_is_not_the_last() {
    let (mut log, mut reader) = read_log(3);
    log.cap = 100;
    for _ in 0..250 {
        log.now += SECOND / 1_000;
        log.write(1);
    }
    reader.read(&mut log);
    log.write(1);
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
}

#[test]
fn a_full_page_that_ends_with_the_last_known_event_is_not_the_last() {
    for cap in [100, 250, 1_000] {
        let (mut log, mut reader) = read_log(3);
        log.cap = cap;
        while log.committed.len() < cap {
            log.now += SECOND / 1_000;
            log.write(1);
        }
        reader.read(&mut log);
        log.now += SECOND / 1_000;
        log.write(1);
        reader.read(&mut log);
        assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0), "{cap}");
    }
}

#[test]
fn more_than_twenty_pages_are_not_read() {
    let (mut log, mut reader) = read_log(3);
    log.cap = 100;
    for _ in 0..2_500 {
        log.now += SECOND / 1_000;
        log.write(1);
    }
    reader.read(&mut log);
    assert_eq!((&*reader.forgets, reader.pages), (&[Forget::TooMany][..], 20));
    log.now += 2 * SECOND;
    log.write(1);
    log.committed.drain(..2_000);
    reader.read(&mut log);
    assert_eq!(reader.forgets, [Forget::TooMany, Forget::FoundAnew]);
    assert!(reader.told.contains(log.committed.last().unwrap()));
}

#[test]
fn a_read_that_was_not_completed_moves_nothing() {
    let (mut log, mut reader) = read_log(3);
    log.cap = 100;
    for _ in 0..250 {
        log.now += SECOND / 10;
        log.write(1);
    }
    let ask = reader.cursor.begin(log.moment());
    let page = log.answer(ask);
    assert!(reader.turn(page, log.moment()).is_some());
    reader.read(&mut log);
    assert_eq!((reader.missing(&log), reader.forgets.len()), (0, 0));
    let mut told = reader.told.clone();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), reader.told.len(), "no event is told twice");
}

#[test]
fn the_memory_is_bounded_and_a_busy_log_is_no_reason_to_forget() {
    let (mut log, mut reader) = read_log(3);
    for _ in 0..220 {
        log.now += SECOND;
        for _ in 0..100 {
            log.now += 1;
            log.write(1);
        }
        reader.read(&mut log);
        assert!(reader.cursor.remembered.surplus().is_none());
    }
    assert_eq!(reader.forgets, []);
}
