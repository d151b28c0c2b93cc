//! The port for the change feed, which reports changes at the authorization server.

use async_trait::async_trait;
use thiserror::Error;

use crate::{Cause, Moment, OrganizationId, Role, SessionId, Subject, TokenId};

/// Reports changes at the authorization server that may make cached verdicts untrue.
///
/// Each feed has one reader.
#[async_trait]
pub trait ChangeFeed: Send {
    /// Waits for the next batch of changes. The implementation decides how often it polls.
    ///
    /// # Errors
    /// When the feed could not be read or understood. No change is lost: the next call begins where
    /// the failed one began.
    async fn next(&mut self) -> Result<Batch, Silence>;
}

/// Changes that one read of the feed returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Changes in no particular order. Some may have been in an earlier batch.
    pub changes: Vec<Change>,
    /// Moment up to which all changes are reported, in this batch or earlier ones; `None` if
    /// further requests are needed to find them all.
    pub as_of: Option<Moment>,
}

/// A change at the authorization server, classified by the verdicts that it may make untrue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// A change that concerns one access token.
    Token(TokenId),
    /// A change of one session, perhaps its end: concerns all access tokens of the session.
    Session(SessionId),
    /// A refresh of one session: concerns all access tokens of the session but the newest.
    Refreshed(SessionId),
    /// A change of one subject (user or client): concerns all access tokens of the subject.
    Subject(Subject),
    /// A change of the roles of one subject (user or client): concerns all access tokens of the
    /// subject.
    RolesOf(Subject),
    /// A change of one role: concerns every verdict that names the role.
    Role(Role),
    /// A change of one organization: concerns all verdicts that name this organization, and all
    /// that name no organization.
    Organization(OrganizationId),
    /// A change that may concern every verdict.
    Everything,
}

/// Failure to read the feed: changes may have happened that the feed did not report.
#[derive(Clone, Debug, Error)]
#[error("the change feed is silent ({reason})")]
pub struct Silence {
    /// Keyword for the failure, such as `timed_out`; the same in logs, metrics and documentation.
    pub reason: &'static str,
    /// Underlying error. It contains no token and no text from the server.
    pub source: Cause,
}

impl Change {
    /// Keyword of each kind of change, in the order of the variants of `Change`.
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

    /// Returns the keyword of this kind of change, used as a metric label.
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
