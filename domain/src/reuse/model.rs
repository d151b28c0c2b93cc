//! Model test of the reuse rule: simulates random runs ("worlds") of a server, its change feed and
//! a cache, and checks that no verdict is used that is too old.
//!
//! Introspection shows changes late. Polled batches come late or never, the machine is paused, its
//! wall clock is set, the program is restarted. Other steps may come between any two reads of a
//! use, and between any two writes of a batch. A verdict is too old if introspection stopped giving
//! it more than `max_staleness` ago.
//!
//! `PROPTEST_CASES=1000000 cargo test -p domain --release model` tries a million worlds.

use std::time::Duration;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::*;

const MS: u64 = 1_000_000;
const MAX_STALENESS: u64 = 3_000 * MS;
const SETTLE: u64 = 5_000 * MS;
const LAG: u64 = 120_000 * MS;
/// First reading of the simulated monotonic clock: neither zero, as in the first watermark, nor the
/// first reading of the wall clock.
const FIRST_TICK: u64 = 1_000_000 * MS;
const FIRST_WALL: u64 = 1_767_225_600_000 * MS;

/// Reuse rule without one clause, by which a test shows that the rule needs this clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    /// Wrong reuse rule: a use of a cached verdict reads the watermark after the times of the
    /// newest changes, instead of before.
    OrderOfReads,
    /// Wrong reuse rule: the watermark of a batch moves before uses of the cache see the changes in
    /// the batch.
    MarkBeforeWatermark,
    Settle,
    Lag,
    /// Wrong reuse rule: the new watermark is the time when the feed's poll ended, not when it
    /// began.
    AsOfBeforeTheCall,
    /// Wrong reuse rule: the age of a verdict counts from its storage in the cache, not from its
    /// introspection request.
    AskedBeforeTheQuestion,
    /// Wrong reuse rule: a change counts from the start of the poll that found it, not from when
    /// the process learned of it.
    MarkAtApplication,
    /// Wrong reuse rule: ages are counted by the monotonic clock alone, without the wall clock.
    WallClock,
    /// Wrong reuse rule: a failed poll moves the watermark, too.
    SilenceIsNoNews,
    /// Wrong reuse rule: after a restart of the program, the first poll skips the changes of the
    /// 120 s (`LAG`) before the restart.
    LookBack,
}

/// Random step of a world: its kind (modulo 20), and a number whose meaning depends on the kind.
type Step = (u8, u8);

/// Number of kinds of facts at the server. Kind 1 is roles, whose changes introspection may show up
/// to `LAG` late; kind 0 is all others.
const KINDS: usize = 2;

/// Simulated verdict: for each kind of fact, the number of changes that the verdict shows.
type Answer = [usize; KINDS];

#[derive(Clone, Copy)]
struct Question {
    asked: Moment,
    answer: Option<Answer>,
}

/// Attempt to use a cached verdict: it reads the values that the rule needs in several steps,
/// between which other steps may come.
#[derive(Clone, Copy, Default)]
struct Use {
    now: Option<(u64, Moment)>,
    early_marks: Option<Marked>,
    watermark: Option<Moment>,
    entry: Option<(Moment, Answer)>,
}

struct Poll {
    as_of: Moment,
    /// Kinds of the changes in the response to this poll; `None` before the response.
    read: Option<Vec<usize>>,
    /// Number of changes in `read` that are already visible to uses of the cache.
    marked: usize,
    applied: Option<Tick>,
    next_event: usize,
}

struct World {
    without: Without,
    rule: ReuseRule,
    now: u64,
    paused: u64,
    /// True if the wall clock was set back. The machine is then never paused: the monotonic clock
    /// stands still in a pause, so neither clock would show the time that passed.
    was_set_back: bool,
    wall_offset: i64,
    /// For each kind of fact: the times from which introspection shows its first change, its
    /// second, and so on.
    told_from: [Vec<u64>; KINDS],
    /// Kind and time of each change at the server, in order of time.
    log: Vec<(usize, u64)>,
    cursor: usize,
    poll: Option<Poll>,
    marks: Marked,
    watermark: Moment,
    questions: [Option<Question>; 2],
    kept: Option<(Moment, Answer)>,
    uses: [Use; 2],
    used: usize,
}

impl World {
    fn new(without: Without) -> Self {
        let unless = |clause, time| if without == clause { 0 } else { time };
        let rule = ReuseRule {
            max_staleness: MAX_STALENESS,
            settle: unless(Without::Settle, SETTLE),
            lag: unless(Without::Lag, LAG),
            when_silent: WhenSilent::Ask,
        };
        Self {
            without,
            rule,
            now: 0,
            paused: 0,
            was_set_back: false,
            wall_offset: 0,
            told_from: [Vec::new(), Vec::new()],
            log: Vec::new(),
            cursor: 0,
            poll: None,
            marks: Marked::default(),
            watermark: Moment::from_nanos(0, 0),
            questions: [None; 2],
            kept: None,
            uses: [Use::default(); 2],
            used: 0,
        }
    }

    fn moment(&self) -> Moment {
        let wall = (FIRST_WALL + self.now).saturating_add_signed(self.wall_offset);
        let tick = FIRST_TICK + self.now - self.paused;
        Moment::from_nanos(tick, if self.without == Without::WallClock { 0 } else { wall })
    }

    /// Runs one step. If the rule allows a verdict that is too old, fails with its staleness in
    /// nanoseconds.
    fn step(&mut self, (kind, number): Step) -> Result<(), u64> {
        let which = usize::from(number % 2);
        match kind % 20 {
            0..=2 => self.now += PAUSES[usize::from(number) % PAUSES.len()] * MS,
            3 => self.change(which, u64::from(number / 2)),
            4 if self.poll.is_none() => self.begin_poll(),
            5 => self.read(),
            6 => self.fail(number),
            7 | 8 => self.apply(number),
            9 => self.questions[which] = Some(Question { asked: self.moment(), answer: None }),
            10 => self.answer(which),
            11 => self.keep(which),
            12..=14 => return self.use_step(which),
            15 => self.disturb(number),
            // A whole poll without a step in between, so that more uses find a verdict.
            16 | 17 => self.whole_poll(),
            18 => {
                self.questions[0] = Some(Question { asked: self.moment(), answer: None });
                self.answer(0);
                self.keep(0);
            }
            19 => {
                self.uses[0] = Use::default();
                for _ in 0..5 {
                    self.use_step(0)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Changes a fact. Introspection shows the change later: within `SETTLE`, or for roles within
    /// `LAG`.
    fn change(&mut self, kind: usize, number: u64) {
        let longest = [SETTLE, LAG][kind];
        let delay = longest * number.min(100) / 101;
        // Introspection tells changes in order.
        let told = (self.now + delay).max(self.told_from[kind].last().copied().unwrap_or_default());
        self.told_from[kind].push(told.min(self.now + longest - 1));
        self.log.push((kind, self.now));
    }

    fn begin_poll(&mut self) {
        let (as_of, next_event) = (self.moment(), self.cursor);
        self.poll = Some(Poll { as_of, read: None, marked: 0, applied: None, next_event });
    }

    fn whole_poll(&mut self) {
        self.poll = None;
        self.begin_poll();
        self.read();
        for _ in 0..=self.log.len() {
            self.apply(1);
        }
    }

    fn read(&mut self) {
        let Some(poll) = self.poll.as_mut().filter(|poll| poll.read.is_none()) else { return };
        poll.read = Some(self.log[self.cursor..].iter().map(|(kind, _)| *kind).collect());
        poll.next_event = self.log.len();
    }

    /// Makes the poll under way fail. If `number` is a multiple of 4, the poll goes on instead,
    /// except with `SilenceIsNoNews`.
    fn fail(&mut self, number: u8) {
        if let Some(poll) = self.poll.take() {
            if self.without == Without::SilenceIsNoNews {
                self.watermark = poll.as_of;
            } else if number.is_multiple_of(4) {
                self.poll = Some(poll);
            }
        }
    }

    /// Runs one step of applying a poll's response: makes its next change visible to uses of the
    /// cache or, after the last, moves the watermark.
    fn apply(&mut self, number: u8) {
        let moment = self.moment();
        let Some(poll) = self.poll.as_mut() else { return };
        let Some(read) = &poll.read else { return };
        if self.without == Without::MarkBeforeWatermark && poll.applied.is_none() {
            poll.applied = Some(moment.tick);
            self.watermark = poll.as_of;
            return;
        }
        let applied = *poll.applied.get_or_insert(moment.tick);
        let at = if self.without == Without::MarkAtApplication { poll.as_of.tick } else { applied };
        if let Some(kind) = read.get(poll.marked) {
            let mark = if *kind == 0 { &mut self.marks.at } else { &mut self.marks.roles_at };
            *mark = Some(at).max(*mark);
            poll.marked += 1;
            return;
        }
        self.watermark =
            if self.without == Without::AsOfBeforeTheCall { moment } else { poll.as_of };
        // A batch that is delivered twice is applied twice.
        if number.is_multiple_of(8) && !read.is_empty() {
            (poll.marked, poll.applied) = (0, None);
            return;
        }
        self.cursor = poll.next_event;
        self.poll = None;
    }

    fn answer(&mut self, which: usize) {
        let (now, told) = (self.now, &self.told_from);
        let Some(question) = self.questions[which].as_mut() else { return };
        question.answer =
            Some([0, 1].map(|kind| told[kind].iter().filter(|at| **at <= now).count()));
    }

    fn keep(&mut self, which: usize) {
        let Some(Question { asked, answer: Some(answer) }) = self.questions[which] else { return };
        self.questions[which] = None;
        let asked =
            if self.without == Without::AskedBeforeTheQuestion { self.moment() } else { asked };
        if self.kept.is_none_or(|(kept, _)| kept.tick <= asked.tick) {
            self.kept = Some((asked, answer));
        }
    }

    /// Reads the next value that the attempt `which` to use a cached verdict needs. After the last,
    /// judges the verdict.
    fn use_step(&mut self, which: usize) -> Result<(), u64> {
        let mut reading = self.uses[which];
        let Some((began, now)) = reading.now else {
            self.uses[which].now = Some((self.now, self.moment()));
            return Ok(());
        };
        if self.without == Without::OrderOfReads && reading.early_marks.is_none() {
            self.uses[which].early_marks = Some(self.marks);
            return Ok(());
        }
        let Some(watermark) = reading.watermark else {
            self.uses[which].watermark = Some(self.watermark);
            return Ok(());
        };
        if reading.entry.is_none() {
            reading.entry = self.kept;
            self.uses[which] = if reading.entry.is_some() { reading } else { Use::default() };
            return Ok(());
        }
        self.uses[which] = Use::default();
        let Some((asked, answer)) = reading.entry else { return Ok(()) };
        let marks = reading.early_marks.unwrap_or(self.marks);
        if self.rule.judge(now, watermark, (asked, true), marks).is_err() {
            return Ok(());
        }
        self.used += 1;
        for (kind, version) in answer.into_iter().enumerate() {
            if let Some(ended) = self.told_from[kind].get(version) {
                let stale = began.saturating_sub(*ended);
                if stale > MAX_STALENESS {
                    return Err(stale);
                }
            }
        }
        Ok(())
    }

    /// Pauses the machine, sets its clock, or restarts the program.
    fn disturb(&mut self, number: u8) {
        match number % 8 {
            0 if !self.was_set_back => {
                self.now += 60_000 * MS;
                self.paused += 60_000 * MS;
            }
            1 => self.wall_offset += 10_000 * i64::try_from(MS).unwrap_or_default(),
            2 if self.paused == 0 => {
                self.was_set_back = true;
                self.wall_offset -= 10_000 * i64::try_from(MS).unwrap_or_default();
            }
            3 => {
                (self.poll, self.kept) = (None, None);
                (self.questions, self.uses) = ([None; 2], [Use::default(); 2]);
                (self.marks, self.watermark) = (Marked::default(), Moment::from_nanos(0, 0));
                // The first read goes back by `lag`: introspection may not tell yet the changes
                // before the start.
                let back = if self.without == Without::LookBack { 0 } else { LAG };
                let start = self.now.saturating_sub(back);
                self.cursor = self.log.partition_point(|(_, at)| *at < start);
            }
            _ => {}
        }
    }
}

/// Milliseconds by which a step moves time on; its random number selects one.
const PAUSES: [u64; 8] = [1, 50, 120, 400, 1_000, 1_500, 2_900, 6_000];

/// Simulates one world without the clause `without`. Returns how often the rule allowed a cached
/// verdict. If an allowed one was too old, fails with its staleness in nanoseconds.
fn run(without: Without, steps: &[Step]) -> Result<usize, u64> {
    let mut world = World::new(without);
    for step in steps {
        world.step(*step)?;
    }
    Ok(world.used)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 20..250)
}

proptest! {
    #[test]
    fn no_answer_is_older_than_the_bound_whatever_happens(steps in steps()) {
        let used = run(Without::Nothing, &steps);
        prop_assert!(used.is_ok(), "too old by {:?}", used.map_err(Duration::from_nanos));
    }
}

#[track_caller]
fn is_needed(clause: Without) {
    let mut runner = TestRunner::deterministic();
    let steps = steps();
    for _ in 0..200_000 {
        let world = steps.new_tree(&mut runner).unwrap().current();
        if run(clause, &world).is_err() {
            return;
        }
    }
    panic!("no world needs {clause:?}");
}

#[test]
fn answers_are_used_in_these_worlds() {
    let mut runner = TestRunner::deterministic();
    let used = (0..1_000)
        .filter_map(|_| run(Without::Nothing, &steps().new_tree(&mut runner).ok()?.current()).ok());
    assert!(used.sum::<usize>() > 1_000);
}

#[test]
fn marks_are_read_after_the_watermark() {
    is_needed(Without::OrderOfReads);
}

#[test]
fn marks_are_written_before_the_watermark() {
    is_needed(Without::MarkBeforeWatermark);
}

#[test]
fn an_answer_settles_after_a_change() {
    is_needed(Without::Settle);
}

#[test]
fn roles_may_lag_longer() {
    is_needed(Without::Lag);
}

#[test]
fn the_moment_of_a_batch_is_read_before_its_first_call() {
    is_needed(Without::AsOfBeforeTheCall);
}

#[test]
fn an_answer_is_as_old_as_its_question() {
    is_needed(Without::AskedBeforeTheQuestion);
}

#[test]
fn a_change_is_marked_with_the_moment_at_which_it_is_applied() {
    is_needed(Without::MarkAtApplication);
}

#[test]
fn a_pause_of_the_machine_is_seen_by_the_wall_clock() {
    is_needed(Without::WallClock);
}

#[test]
fn the_first_read_goes_back_by_the_lag_of_roles() {
    is_needed(Without::LookBack);
}

#[test]
fn silence_moves_no_watermark() {
    is_needed(Without::SilenceIsNoNews);
}

mod watch;
