//! Responses of a real ZITADEL as test data (README.md).

mod introspection;
mod management;
mod replay;

pub use introspection::{Asked, Case, Section, introspection};
pub use management::{ManagementCall, management};
pub use replay::Replay;
