//! The second driven port: who tells that an answer is not true any more.

use async_trait::async_trait;
use thiserror::Error;

use crate::{Cause, Moment, OrganizationId, Role, SessionId, Subject, TokenId};

/// Tells which answers of introspection may have changed.
///
/// One reader follows a feed. A feed whose events come from elsewhere, such as a message broker that
/// relays one reader's batches to a fleet, is another implementation of this port.
#[async_trait]
pub trait ChangeFeed: Send {
    /// Waits for the next batch. A feed decides itself how often it looks.
    ///
    /// # Errors
    /// When it could not look, or could not understand what it saw. Batches go on after that; none is
    /// left out.
    async fn next(&mut self) -> Result<Batch, Silence>;
}

/// Changes that were read together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The changes, in no particular order. One that was told before may be among them.
    pub changes: Vec<Change>,
    /// The moment up to which nothing is missing: every change that was committed before it is in this
    /// batch or in an earlier one. `None` while more is to come, such as a further page, or the name of
    /// the subject that an event concerns.
    pub as_of: Option<Moment>,
}

/// A reason to ask again: what the answers have in common that may have changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// One access token.
    Token(TokenId),
    /// Every access token of one session: the session may have ended.
    Session(SessionId),
    /// Every access token of one session but the newest: it was refreshed, and goes on.
    Refreshed(SessionId),
    /// Every access token of one subject.
    Subject(Subject),
    /// The roles of one subject.
    RolesOf(Subject),
    /// One role, in every answer that has it.
    Role(Role),
    /// Every subject of one organization, and those whose organization is not known.
    Organization(OrganizationId),
    /// Every answer.
    Everything,
}

/// The feed has nothing to tell, not even that nothing changed.
#[derive(Clone, Debug, Error)]
#[error("the change feed is silent ({reason})")]
pub struct Silence {
    /// One word for it, the same in logs, metrics and documentation.
    pub reason: &'static str,
    /// The observed fault. It holds no token and nothing that the server wrote.
    pub source: Cause,
}

impl Change {
    /// One word for each kind, in the order of declaration.
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

    /// Returns the one word for its kind.
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
