//! Responses that reject requests, and the id that every response has.

mod bearer_error;
mod challenge;
mod outcome;
mod problem;
mod reason;
mod rejection;
mod request_id;
mod resource;
mod unreadable;

pub use bearer_error::BearerError;
pub use challenge::{InvalidRealm, Realm};
pub(crate) use outcome::Outcome;
pub use outcome::{InvalidStatus, MissingRoleStatus};
pub use problem::Problem;
pub(crate) use problem::{IdSlot, NO_STORE};
pub use reason::Reason;
pub use rejection::Rejection;
pub(crate) use rejection::{Answers, DenialHook, Rejected};
pub use request_id::{RequestId, X_REQUEST_ID};
pub(crate) use resource::ROOT_METADATA_PATH;
pub use resource::{InvalidResource, Resource};
pub(crate) use unreadable::{is_rejection, outcome_of};
