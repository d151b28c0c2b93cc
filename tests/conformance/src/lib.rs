#![doc = include_str!("../README.md")]

mod administration;
mod assertion;
mod cleanup;
mod clock;
mod entries;
mod entry;
mod error;
mod exchange;
mod form;
mod json;
mod management;
mod names;
mod oidc;
mod prefix;
mod replay;
mod report;
mod secret;
mod server;
mod setup;
mod strangers;
mod suite;
mod visible;
mod walk_through;

pub use administration::run_administration;
pub use error::Error;
pub use exchange::Answer;
pub use report::{Outcome, Report, Row};
pub use secret::Secret;
pub use server::{DOMAIN, Server, TOKEN_FILE};
pub use suite::{run, run_cases};
pub use walk_through::{WalkThrough, with_walk_through};
