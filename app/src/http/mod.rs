//! The HTTP edge: from a request to a handler, or to the answer that turns it away.

mod answering;
mod asked;
mod bearer;
mod challenge;
mod cors;
mod edge;
mod error;
mod fault_log;
mod guard;
mod guarded;
mod handlers;
mod mount;
mod observation;
mod observed;
mod panics;
mod problem;
mod reason;
mod refusal_log;
mod rejection;
mod request_id;
mod router;
mod routes;
mod table;

pub(crate) use bearer::BearerError;
pub(crate) use error::ApiError;
pub(crate) use guard::Guard;
pub use guarded::{Authorized, Guarded};
pub use mount::{Access, Mountable, guarded, public};
pub(crate) use observation::Observation;
pub(crate) use reason::Reason;
pub(crate) use refusal_log::RefusalLog;
pub(crate) use router::router;
pub use routes::routes;
pub use table::{Route, Routes};

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;
