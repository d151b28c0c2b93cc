//! Answers of a real ZITADEL as test data: see README.md.

mod introspection;
mod replay;

pub use introspection::{Asked, Case, Section, introspection};
pub use replay::Replay;
