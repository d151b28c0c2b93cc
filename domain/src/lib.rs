#![doc = include_str!("../README.md")]

mod authorizer;
mod change_feed;
mod claims;
mod clock;
mod denial;
mod freshness;
mod further_claims;
mod introspection;
mod introspection_error;
mod kept_verdicts;
#[cfg(any(test, feature = "mock"))]
mod mock;
mod moment;
mod organization;
mod permit;
mod policy;
mod port;
mod principal;
mod reuse;
mod role;
pub mod rules;
mod scope;
mod token;
mod verdict_watch;

pub use authorizer::{Authorizer, Refusal, Requirements};
pub use change_feed::{Batch, Change, ChangeFeed, Silence};
pub use claims::{Audience, ClientId, EmptyClaim, Issuer, SessionId, Subject, TokenId, Username};
pub use clock::Clock;
#[cfg(feature = "mock")]
pub use clock::MockClock;
pub use denial::{Denial, Missing};
pub use freshness::Freshness;
pub use further_claims::FurtherClaims;
pub use introspection::{ActiveToken, Introspection};
pub use introspection_error::{Cause, IntrospectionError, Misconfiguration, Outage};
pub use kept_verdicts::KeptVerdicts;
#[cfg(feature = "mock")]
pub use mock::MockTokenIntrospector;
#[cfg(feature = "mock")]
pub use moment::MockTicks;
pub use moment::{Moment, Tick, Ticks};
pub use organization::{Organization, OrganizationId};
pub use permit::Permit;
pub use policy::{Policy, Rule};
pub use port::TokenIntrospector;
pub use principal::Principal;
pub use reuse::{Marked, ReuseRule, Unusable, WhenSilent};
pub use role::{Role, RoleGrant, Roles};
pub use scope::{InvalidScopeToken, Scope, ScopeToken};
pub use token::{AccessToken, AccessTokenError};
pub use verdict_watch::VerdictWatch;
