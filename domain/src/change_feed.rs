//! The port for changes at the authorization server, which may make cached verdicts untrue.

use async_trait::async_trait;
use thiserror::Error;

use crate::{Cause, Moment, OrganizationId, Role, SessionId, Subject, TokenId};

/// Source of changes at the authorization server that may make cached verdicts untrue.
///
/// Each feed has one reader. A message broker that relays its batches to many processes would be
/// another implementation of this port.
#[async_trait]
pub trait ChangeFeed: Send {
    /// Waits for the next batch of changes. The implementation decides how often it polls.
    ///
    /// # Errors
    /// When the feed could not be read or understood. The next call continues where this one
    /// failed; no change is skipped.
    async fn next(&mut self) -> Result<Batch, Silence>;
}

/// Changes that one read of the feed returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Changes in no particular order. Some may have been in an earlier batch already.
    pub changes: Vec<Change>,
    /// Moment up to which no change is missing: every change committed before it is in this batch
    /// or in an earlier one. `None` while part of the read is still to come, such as a further
    /// page, or the subject of an event.
    pub as_of: Option<Moment>,
}

/// A change at the authorization server, classified by the verdicts that it may make untrue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// A change that concerns one access token.
    Token(TokenId),
    /// A change of one session, which may have ended: concerns all its access tokens.
    Session(SessionId),
    /// A refresh of one session, which goes on: concerns all its access tokens but the newest.
    Refreshed(SessionId),
    /// A change of one subject: concerns all its access tokens.
    Subject(Subject),
    /// A change of the roles of one subject.
    RolesOf(Subject),
    /// A change of one role: concerns every verdict that names it.
    Role(Role),
    /// A change of one organization: concerns its users, and verdicts that name no organization.
    Organization(OrganizationId),
    /// A change that may concern every verdict.
    Everything,
}

/// Failure to read the feed: there may be changes that it did not report.
#[derive(Clone, Debug, Error)]
#[error("the change feed is silent ({reason})")]
pub struct Silence {
    /// Keyword for the reason, such as `timed_out`; the same in logs, metrics and documentation.
    pub reason: &'static str,
    /// Underlying error. It contains no token and no text from the server.
    pub source: Cause,
}

impl Change {
    /// Keyword of each variant, in the order of declaration.
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

    /// Returns the keyword of the variant, a label of a metric.
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
