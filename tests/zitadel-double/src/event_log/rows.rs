//! Rows of lists: the creation and last change of each thing.
//!
//! As in ZITADEL, rows are projections of the events.

use std::collections::{HashMap, HashSet};

use super::visibility::{Visibility, VisibilityLag};
use super::{Event, NewEvent};
use crate::clock::unix_micros;

/// The `details` of a row in any list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Sequence of the last change.
    pub(crate) sequence: u64,
    /// Microseconds since the Unix epoch.
    pub(crate) created: i64,
    pub(crate) changed: i64,
    /// Id of the owning organization or instance.
    pub(crate) owner: String,
}

/// Rows by the keys of their things.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Start of the instance in microseconds since the Unix epoch.
    began: i64,
    all: HashMap<String, Row>,
    removed: HashSet<String>,
    visibility: Visibility,
}

/// Returns the key of a role, whose name is unique in its project only.
pub(crate) fn row_of_role(project: impl AsRef<str>, role: &str) -> String {
    format!("{}/{role}", project.as_ref())
}

/// Returns the key of an instance's or organization's member.
pub(crate) fn row_of_member(of: impl AsRef<str>, user: impl AsRef<str>) -> String {
    format!("{}/{}", of.as_ref(), user.as_ref())
}

impl Rows {
    pub(super) fn new() -> Self {
        Self {
            began: unix_micros(),
            all: HashMap::new(),
            removed: HashSet::new(),
            visibility: Visibility::default(),
        }
    }

    /// Returns the row of a thing; without an event, it is as old as the instance.
    pub(crate) fn get(&self, key: &str, owner: impl AsRef<str>) -> Row {
        let owner = || owner.as_ref().to_owned();
        let before =
            || Row { sequence: 1, created: self.began, changed: self.began, owner: owner() };
        self.all.get(key).cloned().unwrap_or_else(before)
    }

    /// Sets the lag of readers behind later additions.
    pub(crate) fn set_lag(&mut self, lag: VisibilityLag) {
        self.visibility.set(lag);
    }

    /// True if readers see the thing.
    pub(crate) fn shows(&self, key: impl AsRef<str>) -> bool {
        self.visibility.shows(key.as_ref())
    }

    /// Counts a list or an introspection as a read.
    pub(crate) fn count_read(&self) {
        self.visibility.read();
    }

    pub(crate) fn is_removed(&self, key: &str) -> bool {
        self.removed.contains(key)
    }

    /// Applies an event.
    pub(super) fn note(&mut self, event: &Event) {
        let key = key(&event.content);
        if event.content.event_type.ends_with(".removed") {
            self.all.remove(&key);
            self.removed.insert(key);
            return;
        }
        if !self.all.contains_key(&key) {
            self.visibility.added(&key);
        }
        let owner = event.content.resource_owner.clone();
        let (sequence, created) = (event.sequence, event.created);
        let row = self.all.entry(key).or_insert(Row { created, owner, ..Row::default() });
        (row.sequence, row.changed) = (sequence, event.created);
    }
}

/// Returns the key of an event's thing: the aggregate, or a part of it with its own list.
fn key(event: &NewEvent) -> String {
    let aggregate = &event.aggregate_id;
    let member = |name: &str| {
        let payload = event.payload.as_ref();
        payload.and_then(|payload| payload.get(name)?.as_str()).unwrap_or_default()
    };
    let is_about = |part: &str| event.event_type.starts_with(part);
    if is_about("project.role.") {
        row_of_role(aggregate, member("key"))
    } else if is_about("project.application.oidc.key.") || is_about("user.machine.key.") {
        member("keyId").to_owned()
    } else if is_about("project.application.") {
        member("appId").to_owned()
    } else if is_about("project.grant.") {
        member("grantId").to_owned()
    } else if is_about("user.pat.") {
        member("tokenId").to_owned()
    } else if is_about("user.metadata.") {
        row_of_member(aggregate, member("key"))
    } else if is_about("instance.member.") || is_about("org.member.") {
        row_of_member(aggregate, member("userId"))
    } else {
        aggregate.clone()
    }
}
