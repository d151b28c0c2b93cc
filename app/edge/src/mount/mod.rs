//! Route table in which each route declares the callers that it accepts.

mod answering;
mod arguments;
mod guarded;
mod handler;
mod metadata;
mod mountable;
mod not_found;
mod routes;
mod service;

pub use arguments::Arguments;
pub use guarded::{Admission, PermitFirst};
pub use metadata::resource_metadata;
pub use mountable::{Access, Mountable, guarded, optional, public};
pub use not_found::NotFound;
pub use routes::{Route, Routes};
pub use service::{GuardedService, require};
