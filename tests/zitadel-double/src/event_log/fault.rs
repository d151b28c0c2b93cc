//! Faults of the event log besides those that every endpoint can have.

use crate::fault::{DATABASE_HOST, Fault};
use crate::oidc::Reply;
use crate::refusal::Refusal;

/// Fault of the event log. The responses of a faulty database were observed at a real server from
/// which one table had been removed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventLogFault {
    /// Fault that every endpoint can have; [`Fault::DatabaseDown`] is a stopped database.
    Any(Fault),
    /// 401 as for an unknown token: the table of tokens is missing.
    TokenInvalid,
    /// 404 as for a user without a manager role.
    MembershipNotFound,
    /// 403: the table of events is missing.
    OrganizationMissing,
    /// 500 with the database's words, which name [`DATABASE_HOST`]: another table is missing.
    DatabaseError,
}

impl From<Fault> for EventLogFault {
    fn from(fault: Fault) -> Self {
        Self::Any(fault)
    }
}

impl EventLogFault {
    /// Returns the response in place of the right one, or the fault to simulate.
    pub(crate) fn met(self) -> Result<Reply, Fault> {
        let refusal = match self {
            Self::Any(fault) => return Err(fault),
            Self::TokenInvalid => Refusal::invalid_token(),
            Self::MembershipNotFound => Refusal::no_membership(),
            Self::OrganizationMissing => Refusal::no_organization(),
            Self::DatabaseError => Refusal::database(format!(
                "ID=QUERY-Bvbft Message=Errors.Internal Parent=(ERROR: relation \
                 \"projections.projects4\" does not exist (SQLSTATE 42P01), host {DATABASE_HOST})"
            )),
        };
        Ok(Reply::from(refusal))
    }
}
