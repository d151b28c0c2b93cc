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

pub use authorized::Authorized;
pub(crate) use guard::Guard;
pub use mount::{Access, Guarded, Mountable, Route, Routes, guarded, public};
pub(crate) use router::router;
pub use routes::routes;

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;
