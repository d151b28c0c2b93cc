//! Model test of an open stream in the simulated world of `model.rs`. Its verdict must not become
//! too old, though it is obtained anew only when the rule demands that.
//!
//! The machine is neither paused nor restarted: no stream is served during a pause or outlives a
//! restart.

use super::*;

/// Part that a simulation of an open stream leaves out; a test then sees whether the stream's
/// verdict becomes too old. `Settle` and `Lag` set the reuse rule's time of that name to 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacking {
    Nothing,
    Settle,
    Lag,
    /// Simulation in which introspection shows each change at once, and the rule expects that
    /// (`settle` is 0).
    Delay,
    /// Simulation in which introspection shows each change at once, and the stream may begin to
    /// obtain a verdict even while a batch of changes is half applied.
    WholeBatches,
    /// Simulation in which a verdict that a change put in doubt may be obtained anew from the
    /// cache.
    NewQuestion,
}

/// State of the stream's verdict.
#[derive(Clone, Copy)]
enum Verdict {
    /// No verdict: the stream is not open.
    None,
    Doubted,
    /// The verdict is being obtained: from the cache if `kept` is true, else by an introspection
    /// request. `bound` is its maximum staleness, in nanoseconds.
    Sought {
        asked: Tick,
        kept: bool,
        bound: u64,
    },
    InUse {
        asked: Tick,
        answer: Answer,
        bound: u64,
    },
}

struct Stream {
    lacking: Lacking,
    world: World,
    verdict: Verdict,
    /// Time at which the newest batch of changes was applied.
    applied: Tick,
    /// Number of checks that found the stream's verdict not in doubt; `doubts` counts the others.
    looks: usize,
    doubts: usize,
}

impl Stream {
    fn new(lacking: Lacking) -> Self {
        let without = match lacking {
            Lacking::Settle | Lacking::Delay | Lacking::WholeBatches => Without::Settle,
            Lacking::Lag => Without::Lag,
            _ => Without::Nothing,
        };
        let (world, verdict) = (World::new(without), Verdict::None);
        Self { lacking, world, verdict, applied: Tick::default(), looks: 0, doubts: 0 }
    }

    fn step(&mut self, (kind, number): Step) -> Result<(), u64> {
        match kind % 20 {
            15 => self.verdict = Verdict::None,
            3 if matches!(self.lacking, Lacking::Delay | Lacking::WholeBatches) => {
                self.world.step((3, number % 2))?;
            }
            12 => self.seek(true),
            13 => self.seek(false),
            14 => self.obtain(),
            7 | 8 => self.apply(number),
            16 | 17 => {
                self.world.poll = None;
                self.world.begin_poll();
                self.world.read();
                for _ in 0..self.world.log.len() + 2 {
                    self.apply(1);
                }
            }
            _ => self.world.step((kind, number))?,
        }
        self.look()
    }

    fn next_tick(&self) -> Tick {
        self.world.moment().tick.max(self.applied.after(Duration::from_nanos(1)))
    }

    /// Runs one step of applying a batch of changes: reads the clock, makes a change visible, or
    /// moves the watermark.
    fn apply(&mut self, number: u8) {
        let next = self.next_tick();
        match &mut self.world.poll {
            Some(poll) if poll.read.is_some() && poll.applied.is_none() => {
                poll.applied = Some(next);
                self.applied = next;
            }
            _ => self.world.apply(number),
        }
    }

    /// Begins to obtain a verdict if the stream has none, or one in doubt: from the cache only if
    /// `kept` is true, else by a request.
    fn seek(&mut self, kept: bool) {
        let is_amid = self.world.poll.as_ref().is_some_and(|poll| poll.applied.is_some());
        if is_amid && self.lacking != Lacking::WholeBatches {
            return;
        }
        let (kept, bound) = match self.verdict {
            Verdict::None if kept => (true, 2 * MAX_STALENESS),
            Verdict::Doubted if kept => (self.lacking == Lacking::NewQuestion, MAX_STALENESS),
            Verdict::None | Verdict::Doubted => (false, MAX_STALENESS),
            _ => return,
        };
        self.verdict = Verdict::Sought { asked: self.next_tick(), kept, bound };
    }

    fn obtain(&mut self) {
        let Verdict::Sought { asked, kept, bound } = self.verdict else { return };
        let World { now, watermark, marks, told_from, rule, kept: entry, .. } = &self.world;
        let answer = if kept {
            let moment = self.world.moment();
            let may_be_used =
                |question: Moment| rule.judge(moment, *watermark, (question, true), *marks).is_ok();
            entry.filter(|(question, _)| may_be_used(*question)).map(|(_, answer)| answer)
        } else {
            Some([0, 1].map(|kind| told_from[kind].iter().filter(|at| *at <= now).count()))
        };
        self.verdict =
            answer.map_or(Verdict::None, |answer| Verdict::InUse { asked, answer, bound });
    }

    /// Checks that the verdict in use is either in doubt or not too old.
    fn look(&mut self) -> Result<(), u64> {
        let Verdict::InUse { asked, answer, bound } = self.verdict else { return Ok(()) };
        let World { now, watermark, marks, told_from, rule, .. } = &self.world;
        let moment = self.world.moment();
        if rule.doubted_at(asked, *marks).is_some_and(|at| at <= moment.tick) {
            self.doubts += 1;
            self.verdict = Verdict::Doubted;
            return Ok(());
        }
        self.looks += 1;
        for (kind, version) in answer.into_iter().enumerate() {
            if let Some(ended) = told_from[kind].get(version) {
                let stale = now.saturating_sub(*ended);
                if stale > bound.max(watermark.age_nanos(moment)) {
                    return Err(stale);
                }
            }
        }
        Ok(())
    }
}

/// Simulates one stream. Returns the numbers of checks that found its verdict not in doubt, and in
/// doubt. If a verdict not in doubt is too old, fails with its staleness in nanoseconds.
fn run(lacking: Lacking, steps: &[Step]) -> Result<(usize, usize), u64> {
    let mut stream = Stream::new(lacking);
    for step in steps {
        stream.step(*step)?;
    }
    Ok((stream.looks, stream.doubts))
}

proptest! {
    #[test]
    fn no_verdict_in_use_is_older_than_the_bound_if_it_is_obtained_anew_as_told(steps in steps()) {
        for lacking in [Lacking::Nothing, Lacking::Delay] {
            let run = run(lacking, &steps);
            prop_assert!(run.is_ok(), "too old by {:?}", run.map_err(Duration::from_nanos));
        }
    }
}

#[track_caller]
fn is_needed(lacking: Lacking) {
    let mut runner = TestRunner::deterministic();
    let steps = steps();
    for _ in 0..200_000 {
        let world = steps.new_tree(&mut runner).unwrap().current();
        if run(lacking, &world).is_err() {
            return;
        }
    }
    panic!("no world needs {lacking:?}");
}

#[test]
fn verdicts_are_in_use_and_in_doubt_in_these_worlds() {
    let mut runner = TestRunner::deterministic();
    let runs = (0..1_000)
        .filter_map(|_| run(Lacking::Nothing, &steps().new_tree(&mut runner).ok()?.current()).ok());
    let (looks, doubts): (Vec<_>, Vec<_>) = runs.unzip();
    assert!(looks.iter().sum::<usize>() > 10_000 && doubts.iter().sum::<usize>() > 1_000);
}

#[test]
fn a_verdict_in_use_settles_after_a_change() {
    is_needed(Lacking::Settle);
}

#[test]
fn a_verdict_in_use_is_obtained_anew_while_roles_may_lag() {
    is_needed(Lacking::Lag);
}

/// Steps with names, for tests of fixed sequences that random steps hardly produce.
mod steps_of {
    use super::Step;

    pub(super) const MILLISECOND: Step = (0, 0);
    pub(super) const FIFTY: Step = (0, 1);
    pub(super) const NEARLY_3_S: Step = (0, 6);
    pub(super) const SIX_S: Step = (0, 7);
    pub(super) const CHANGE: Step = (3, 0);
    /// Step of the simulation in which roles change at ZITADEL. Its number, 13, means that
    /// introspection shows the change 7.1 s later.
    pub(super) const ROLES_CHANGE: Step = (3, 13);
    pub(super) const BEGIN_POLL: Step = (4, 0);
    pub(super) const READ: Step = (5, 0);
    pub(super) const APPLY: Step = (7, 1);
    pub(super) const SEEK_KEPT: Step = (12, 0);
    pub(super) const OBTAIN: Step = (14, 0);
    pub(super) const POLL: Step = (16, 1);
    pub(super) const ASK_AND_KEEP: Step = (18, 0);
}

#[test]
fn a_batch_is_applied_before_a_verdict_is_sought_or_after_it() {
    use steps_of::*;
    let steps = [
        [ASK_AND_KEEP, MILLISECOND, CHANGE, BEGIN_POLL, READ, APPLY].as_slice(),
        // The batch's tick was read, its mark is not written yet.
        &[MILLISECOND, SEEK_KEPT, OBTAIN, APPLY, APPLY, SIX_S, POLL],
    ]
    .concat();
    assert!(run(Lacking::Delay, &steps).is_ok());
    assert!(run(Lacking::WholeBatches, &steps).is_err());
}

#[test]
fn a_verdict_in_doubt_is_obtained_by_a_new_question() {
    use steps_of::*;
    let steps = [
        [SEEK_KEPT, ASK_AND_KEEP, OBTAIN, MILLISECOND, ROLES_CHANGE, POLL].as_slice(),
        &[SIX_S, ASK_AND_KEEP, SEEK_KEPT, OBTAIN, NEARLY_3_S, FIFTY, FIFTY],
        // The verdict is in doubt, and the cached one is just young enough.
        &[SEEK_KEPT, OBTAIN, NEARLY_3_S, POLL],
    ]
    .concat();
    assert_eq!(run(Lacking::Nothing, &steps).map(|(_, doubts)| doubts), Ok(2));
    assert!(run(Lacking::NewQuestion, &steps).is_err());
}
