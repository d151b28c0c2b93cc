//! Faults that only the event log has.

use crate::fault::{DATABASE_HOST, Fault};
use crate::oidc::Reply;
use crate::refusal::Refusal;

/// Fault of the event log. Responses of a faulty database were observed at a real server without
/// one table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventLogFault {
    /// Fault of any endpoint; [`Fault::DatabaseDown`] is a stopped database.
    Any(Fault),
    /// 401 as for an unknown token: the tokens table is missing.
    TokenInvalid,
    /// 404 as for a user without a manager role.
    MembershipNotFound,
    /// 403: the events table is missing.
    OrganizationMissing,
    /// 500 with the database's text, which names [`DATABASE_HOST`]: another table is missing.
    DatabaseError,
}

impl From<Fault> for EventLogFault {
    fn from(fault: Fault) -> Self {
        Self::Any(fault)
    }
}

impl EventLogFault {
    /// Returns the faulty response, or the fault to simulate.
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
