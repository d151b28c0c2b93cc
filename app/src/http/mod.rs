//! The HTTP edge: from a request to a handler, or to the answer that turns it away.

mod authorized;
mod bearer;
mod challenge;
mod cors;
mod error;
mod guard;
mod handlers;
mod mount;
mod panics;
mod problem;
mod rejection;
mod router;
mod routes;
mod table;

pub use authorized::Authorized;
pub(crate) use guard::Guard;
pub use mount::{Access, Guarded, Mountable, guarded, public};
pub(crate) use router::router;
pub use routes::routes;
pub use table::{Route, Routes};

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;
