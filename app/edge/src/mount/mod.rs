//! What is mounted: a strict table of routes, each with the word for who may call it.

mod answering;
mod arguments;
mod guarded;
mod handler;
mod mountable;
mod not_found;
mod routes;

pub use arguments::Arguments;
pub use guarded::{Admission, PermitFirst};
pub use mountable::{Access, Mountable, guarded, optional, public};
pub use not_found::NotFound;
pub use routes::{Route, Routes};
