//! Model test of the reuse rule: each random run ("world") simulates a server, a feed and a cache
//! whose steps fail, come late and interleave.
//!
//! The truth changes, and introspection shows the change late. Polled batches come late or never,
//! the machine is paused, its wall clock is set, the program is restarted. Other steps may come
//! between any two reads of a use, and between any two writes of a batch. No use may find a verdict
//! that introspection stopped giving more than `max_staleness` ago.
//!
//! `PROPTEST_CASES=1000000 cargo test -p domain --release model` tries a million worlds. For each
//! clause of the rule, a test removes the clause and then finds a stale verdict.

use std::time::Duration;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::*;

const MS: u64 = 1_000_000;
const MAX_STALENESS: u64 = 3_000 * MS;
const SETTLE: u64 = 5_000 * MS;
const LAG: u64 = 120_000 * MS;
const FIRST_TICK: u64 = 1_000_000 * MS;
const FIRST_WALL: u64 = 1_767_225_600_000 * MS;

/// Clause of the reuse rule that a test removes, to show that the rule needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    /// Clause: a use of a verdict reads the watermark first, then the newest changes.
    OrderOfReads,
    /// Clause: the changes of a batch become visible to readers first, then its watermark.
    MarkBeforeWatermark,
    Settle,
    Lag,
    /// Clause: the new watermark is the time when the feed's poll began, not when it ended.
    AsOfBeforeTheCall,
    /// Clause: the age of a verdict counts from its introspection request, not from the response.
    AskedBeforeTheQuestion,
    /// Clause: a change counts from the tick at which the process learned of it, not from the start
    /// of the poll.
    MarkAtApplication,
    /// Clause: ages are counted by both clocks, not by the monotonic clock alone.
    WallClock,
    /// Clause: a poll that failed does not move the watermark.
    SilenceIsNoNews,
    /// Clause: after a restart, the first poll also reads changes from the last `LAG` before the
    /// start.
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

/// Attempt to use a cached verdict: holds what it has read so far, one value per step.
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
    /// Number of changes of this poll that uses of the cache can already see.
    marked: usize,
    applied: Option<Tick>,
    next_event: usize,
}

struct World {
    without: Without,
    rule: ReuseRule,
    now: u64,
    paused: u64,
    /// True if the wall clock was set back. The machine is then never paused: no clock would show
    /// the pause.
    was_set_back: bool,
    wall_offset: i64,
    /// For each kind of fact: the times from which introspection shows its first, second, … change.
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
    /// Number of times that a cached verdict was found usable.
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

    /// Runs one step. Fails with the staleness, in nanoseconds, if a verdict found usable is too
    /// old.
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

    /// Changes a fact. Introspection shows the change after a delay below the bound for `kind`.
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

    /// Makes the poll fail, unless `number` is a multiple of 4.
    fn fail(&mut self, number: u8) {
        if let Some(poll) = self.poll.take() {
            if self.without == Without::SilenceIsNoNews {
                self.watermark = poll.as_of;
            } else if number.is_multiple_of(4) {
                self.poll = Some(poll);
            }
        }
    }

    /// Runs one step of applying the changes of a poll: makes the next one visible to readers or,
    /// after the last, moves the watermark.
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

    /// Reads the next value for attempt `which` to use a cached verdict. After the last value,
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

/// Times that one step can take, in milliseconds; its random number selects one.
const PAUSES: [u64; 8] = [1, 50, 120, 400, 1_000, 1_500, 2_900, 6_000];

/// Simulates one run with a reuse rule that lacks the clause `without`. Returns how often a cached
/// verdict was found usable. Fails with the staleness, in nanoseconds, if such a verdict is too
/// old.
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

/// Checks that the rule needs `clause`: without it, a random run uses a verdict that is too old.
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
