//! The second driven port: tells that an answer may no longer be true.

use async_trait::async_trait;
use thiserror::Error;

use crate::{Cause, Moment, OrganizationId, Role, SessionId, Subject, TokenId};

/// Tells which introspection responses may have changed.
///
/// One reader follows a feed. A message broker that relays one reader's batches to a fleet would be
/// another implementation of this port.
#[async_trait]
pub trait ChangeFeed: Send {
    /// Waits for the next batch. The feed decides how often it polls.
    ///
    /// # Errors
    /// When the feed could not be read or understood. Later calls go on from there; no change is
    /// left out.
    async fn next(&mut self) -> Result<Batch, Silence>;
}

/// Changes that were read together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Changes in no particular order. Changes of earlier batches may be among them.
    pub changes: Vec<Change>,
    /// Moment up to which nothing is missing: every change that was committed before it is in this
    /// batch or in an earlier one. `None` while more is to come, such as a further page, or the
    /// name of the subject that an event concerns.
    pub as_of: Option<Moment>,
}

/// Reason to ask again, named by what the affected answers have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// One access token.
    Token(TokenId),
    /// Every access token of one session: the session may have ended.
    Session(SessionId),
    /// Every access token of one session but the newest: the session was refreshed and goes on.
    Refreshed(SessionId),
    /// Every access token of one subject.
    Subject(Subject),
    /// The roles of one subject.
    RolesOf(Subject),
    /// Every answer that has this role.
    Role(Role),
    /// Every subject of one organization, and every subject whose organization is not known.
    Organization(OrganizationId),
    /// Every answer.
    Everything,
}

/// Failure of the feed: it cannot even tell that nothing changed.
#[derive(Clone, Debug, Error)]
#[error("the change feed is silent ({reason})")]
pub struct Silence {
    /// Word for the reason, the same in logs, metrics and documentation.
    pub reason: &'static str,
    /// Underlying fault. It holds no token and nothing that the server wrote.
    pub source: Cause,
}

impl Change {
    /// Word for each kind, in the order of declaration.
    pub const KINDS: [&'static str; 8] = [
        "token",
        "session",
        "session_refreshed",
        "subject",
        "roles_of_subject",
        "role",
        "organization",
        "everything",
    ];

    /// Returns the word for its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Session(_) => "session",
            Self::Refreshed(_) => "session_refreshed",
            Self::Subject(_) => "subject",
            Self::RolesOf(_) => "roles_of_subject",
            Self::Role(_) => "role",
            Self::Organization(_) => "organization",
            Self::Everything => "everything",
        }
    }
}
