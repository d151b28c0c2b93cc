//! Change feed (port [`ChangeFeed`]) that polls ZITADEL's event log and reports new events.
//!
//! A poll begins every [`interval`](FeedSettings::interval), or at once when the [`Bell`] rings.
//! The poll reads each group of event types page by page, then looks up the subjects that events
//! leave out. Changes are reported as soon as they are read. The last batch of a poll has a moment
//! from before the poll's first call: no change up to that moment is missing. A failed poll reports
//! one [`Silence`], and the next poll begins where the last complete one ended.
//!
//! The log shares connections and request budget with the introspector:
//! ```text
//! let log = EventLog::new(&introspector, &settings, project_id, claims, clocks);
//! let bell = log.bell();                     // webhooks and the witness ring it
//! let (feed, run) = follow(log, …);          // loop { log.next().await }
//! ```
//!
//! Create the log before the first introspection: its first poll reads events committed since.

mod call;
mod cursor;
mod event;
mod event_types;
mod look_ups;
mod meaning;
mod read;
mod remembered;
mod schedule;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Batch, Change, ChangeFeed, Moment, Outage, Silence};
use futures_util::future::join_all;
use tokio::time::Instant;
use tracing::{error, info, warn};

pub use schedule::Bell;

use call::{Caller, Fault};
use cursor::{Cursor, LogCall, PageOutcome};
use event_types::Group;
use look_ups::LookUps;
use meaning::Reader;
use read::Forget;
use schedule::Schedule;

use super::{ClaimName, FeedSettings, ZitadelIntrospector};
use crate::Clocks;

/// Time limit of one poll: before it reads, ZITADEL waits for open writes, for up to 15 s.
const POLL: Duration = Duration::from_secs(20);
/// Time limit of one look-up of an earlier event.
const LOOK_UP: Duration = Duration::from_secs(5);
const LOOK_UPS_AT_ONCE: usize = 8;
/// Time between two reads of the list of event types, which an upgrade of ZITADEL changes.
const TYPES_EVERY: Duration = Duration::from_mins(5);

/// Change feed that reads ZITADEL's event log.
#[derive(Debug)]
pub struct EventLog {
    settings: FeedSettings,
    claims: Vec<ClaimName>,
    caller: Caller,
    clocks: Clocks,
    made: Moment,
    schedule: Schedule,
    followed: Vec<FollowedGroup>,
    types_read: Option<Moment>,
    look_ups: LookUps,
    poll: Option<Poll>,
}

/// Event types searched together, with the position up to which their events were read.
#[derive(Debug)]
struct FollowedGroup {
    group: Group,
    cursor: Cursor,
}

#[derive(Clone, Copy, Debug)]
struct Poll {
    as_of: Moment,
    deadline: Instant,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Types,
    Group { index: usize, ask: Option<LogCall> },
    LookUps,
}

impl EventLog {
    /// Creates a feed for the log of `introspector`'s server, and sends nothing yet.
    ///
    /// Without a `project_id`, no event of any project is ignored. `claims` are kept for handlers.
    #[must_use]
    pub fn new(
        introspector: &ZitadelIntrospector,
        settings: &FeedSettings,
        project_id: Option<String>,
        claims: Vec<ClaimName>,
        clocks: Clocks,
    ) -> Self {
        let (generations, pace) = introspector.shared();
        let project_id = project_id.map(Into::into);
        Self {
            caller: Caller { generations, pace, token: Arc::clone(&settings.token) },
            made: clocks.now(),
            clocks,
            schedule: Schedule::new(settings.interval),
            followed: Vec::new(),
            types_read: None,
            look_ups: LookUps::new(Reader { project_id }),
            poll: None,
            settings: settings.clone(),
            claims,
        }
    }

    /// Returns a handle that starts the next poll at once.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.schedule.bell()
    }

    /// Returns whether changes of the additional claim `name` (one set in `zitadel.claims`) appear
    /// in the event log.
    #[must_use]
    pub fn follows(name: &ClaimName) -> bool {
        event_types::follows(name.as_str())
    }

    /// Sends the next request of `poll`, and returns the changes found. The poll is complete if the
    /// returned batch has a moment `as_of`.
    async fn step(&mut self, poll: Poll) -> Result<Batch, Fault> {
        match poll.step {
            Step::Types => {
                self.read_types(poll).await?;
                self.go_on(Step::Group { index: 0, ask: None });
                Ok(Batch::default())
            }
            Step::Group { index, ask } => self.read_page(poll, index, ask).await,
            Step::LookUps => self.look_up(poll).await,
        }
    }

    fn go_on(&mut self, step: Step) {
        if let Some(poll) = &mut self.poll {
            poll.step = step;
        }
    }

    async fn read_types(&mut self, poll: Poll) -> Result<(), Fault> {
        let is_due = |read: Moment| read.age(poll.as_of) >= TYPES_EVERY;
        if !self.types_read.is_none_or(is_due) {
            return Ok(());
        }
        let listed = self.caller.event_types(poll.deadline).await?;
        self.types_read = None;
        let claims = self.claims.iter().map(ClaimName::as_str);
        let groups = event_types::groups(claims, &listed)
            .map_err(|missing| Fault::new("unknown_event_types", missing))?;
        let FeedSettings { overlap, lag, .. } = self.settings;
        let made = self.made;
        let is_first = self.followed.is_empty();
        let mut before = std::mem::take(&mut self.followed);
        for group in groups {
            let same = before.iter().position(|followed| followed.group == group);
            let followed = same.map(|index| before.swap_remove(index));
            self.followed.push(followed.unwrap_or_else(|| FollowedGroup {
                group,
                cursor: if is_first {
                    Cursor::new(overlap, made, lag)
                } else {
                    Cursor::anew(overlap)
                },
            }));
        }
        self.types_read = Some(poll.as_of);
        Ok(())
    }

    async fn read_page(
        &mut self,
        poll: Poll,
        index: usize,
        ask: Option<LogCall>,
    ) -> Result<Batch, Fault> {
        let Some(FollowedGroup { group, cursor }) = self.followed.get_mut(index) else {
            self.go_on(Step::LookUps);
            return Ok(Batch::default());
        };
        let ask = ask.unwrap_or_else(|| cursor.begin(self.clocks.now()));
        let events = self.caller.search(&group.search(ask), poll.deadline).await?;
        let PageOutcome { new, forget, next } = cursor.turn(events, self.clocks.now());
        let mut changes = Vec::new();
        for event in &new {
            self.look_ups.read(event, poll.as_of, &mut changes);
        }
        if let Some(why) = forget {
            tell(why);
            changes = vec![Change::Everything];
        }
        if changes.contains(&Change::Everything) {
            self.look_ups.drop_pending();
        }
        let index = if next.is_some() { index } else { index + 1 };
        self.go_on(Step::Group { index, ask: next });
        Ok(Batch { changes, as_of: None })
    }

    async fn look_up(&mut self, poll: Poll) -> Result<Batch, Fault> {
        let mut changes = Vec::new();
        if self.look_ups.are_late(self.clocks.now(), self.settings.max_staleness) {
            warn!("everything is forgotten: the subject of an event was not found in time");
            self.look_ups.drop_pending();
            changes.push(Change::Everything);
        }
        if !self.look_ups.is_any_pending() {
            self.poll = None;
            return Ok(Batch { changes, as_of: Some(poll.as_of) });
        }
        let questions = self.look_ups.pending(LOOK_UPS_AT_ONCE);
        let deadline = poll.deadline.min(Instant::now() + LOOK_UP);
        let asking = questions.iter().map(|question| async {
            let search = question.search();
            self.caller.search(&search, deadline).await
        });
        let answers = join_all(asking).await;
        let mut fault = None;
        for (question, answer) in questions.into_iter().zip(answers) {
            match answer {
                Ok(events) => changes.extend(self.look_ups.answer(question, &events)),
                Err(this) => fault = Some(this),
            }
        }
        match fault {
            // Changes found so far are reported first; a lasting fault returns with the next
            // look-up.
            Some(fault) if changes.is_empty() => Err(fault),
            _ => Ok(Batch { changes, as_of: None }),
        }
    }
}

fn tell(why: Forget) {
    match why {
        Forget::Restored => error!(
            "everything is forgotten: ZITADEL's event log lacks an event that was there; was its \
             database restored?"
        ),
        Forget::ClockStepped => error!(
            "everything is forgotten: the clock of ZITADEL's database stepped back by more than \
             changes.overlap"
        ),
        Forget::TooMany => warn!("everything is forgotten: too many changes at once to read each"),
        Forget::FoundAnew => info!("the place in ZITADEL's event log was found anew"),
    }
}

#[async_trait]
impl ChangeFeed for EventLog {
    /// Returns the next batch of changes. If no poll is under way, waits until the next one is due.
    /// Cancel-safe: the next call repeats a request that was dropped.
    async fn next(&mut self) -> Result<Batch, Silence> {
        loop {
            let poll = if let Some(poll) = self.poll {
                poll
            } else {
                self.schedule.wait().await;
                let (as_of, deadline) = (self.clocks.now(), Instant::now() + POLL);
                *self.poll.insert(Poll { as_of, deadline, step: Step::Types })
            };
            match self.step(poll).await {
                Ok(batch) => {
                    if batch.as_of.is_some() {
                        self.schedule.go_on();
                    }
                    if batch.as_of.is_some() || !batch.changes.is_empty() {
                        return Ok(batch);
                    }
                }
                Err(fault) => {
                    self.poll = None;
                    match fault.outage {
                        Some(Outage::RateLimited) => self.schedule.slow_down(fault.retry_after),
                        _ => self.schedule.go_on(),
                    }
                    return Err(fault.silence);
                }
            }
        }
    }
}
