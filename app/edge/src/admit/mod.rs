//! Admission: turns the token in a request's head into a permit (proof of authorization).

mod authorized;
mod bearer;
mod ended;
mod ending_body;
mod event_boundary;
mod extractors;
mod guard;
mod guard_builder;
mod layer;
mod opened;
mod require;
mod service_permit;
mod session_owner;
mod visit;

pub(crate) use authorized::Admitted;
pub use authorized::Authorized;
#[cfg(fuzzing)]
pub use bearer::fuzz::holds as authorization;
pub use ended::Ended;
pub use guard::Guard;
pub use guard_builder::GuardBuilder;
pub use layer::{Following, GuardLayer, Guarding};
pub use require::{Require, RequireLayer, RoutableService};
pub(crate) use service_permit::FurtherRule;
pub use service_permit::{FurtherRules, ServicePermit};
pub use session_owner::MCP_SESSION_ID;
pub(crate) use visit::Visit;
