//! The ways in which the log can fail besides those of every endpoint.

use crate::fault::{DATABASE_HOST, Fault};
use crate::oidc::Reply;
use crate::refusal::Refusal;

/// Failure of the event log. Each answer of a faulty database was seen at a real server while one
/// table was away.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventLogFault {
    /// A fault that every endpoint can have; [`Fault::DatabaseDown`] is a stopped database.
    Any(Fault),
    /// 401 as for an unknown token, while the table of tokens is away.
    TokenInvalid,
    /// 404 as for a user without a manager role.
    MembershipNotFound,
    /// 403 while the table of events is away.
    OrganizationMissing,
    /// 500 with the database's words, which name [`DATABASE_HOST`], while another table is away.
    DatabaseError,
}

impl From<Fault> for EventLogFault {
    fn from(fault: Fault) -> Self {
        Self::Any(fault)
    }
}

impl EventLogFault {
    /// The answer in place of the right one, or the fault that is to be acted out.
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
