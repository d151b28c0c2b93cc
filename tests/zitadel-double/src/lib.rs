#![doc = include_str!("../README.md")]

mod answer;
mod builder;
mod clock;
mod control;
mod double;
mod event_log;
mod fault;
mod forwarded;
mod gate;
mod ids;
mod inactive_by_fault;
mod instance;
mod lost_calls;
mod management;
mod metadata_variant;
mod oidc;
mod random;
mod rate_limit;
mod refusal;
mod server;
mod shared;
mod token_form;
mod traffic;
mod violation;
mod webhooks;
mod world;

pub use answer::Answer;
pub use builder::{StartError, ZitadelDoubleBuilder};
pub use double::ZitadelDouble;
pub use event_log::{EventLogFault, HeldPush, LogClock, NewEvent, PendingEvent, VisibilityLag};
pub use fault::{DATABASE_HOST, DiscoveryFault, Fault, Framing, RedirectStatus, Times};
pub use gate::Gate;
pub use ids::{ClientId, KeyId, OrgId, ProjectId, UserId};
pub use inactive_by_fault::TokenKind;
pub use lost_calls::LostCall;
pub use metadata_variant::MetadataVariant;
pub use rate_limit::RateLimit;
pub use server::Listening;
pub use token_form::TokenForm;
pub use traffic::{Counts, RecordedRequest};
pub use violation::{ClientRefusal, Violation};
pub use webhooks::Webhooks;
pub use world::{
    Action, AppState, Audience, NewUser, Pat, Profile, SessionToken, TokenShape, UserKind,
    UserState, WorldError,
};
