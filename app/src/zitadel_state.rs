//! State of the connection to ZITADEL, as `/readyz` reports it.

use std::sync::Arc;

use adapters::{
    decorators::{Belief, Breaker},
    zitadel::{Canary, CurrentCredentials, FollowedLog, Verdicts},
};

/// State of the connection to ZITADEL. With the in-memory fake, each field has its default value,
/// such as `None`.
#[derive(Debug, Default)]
pub(crate) struct ZitadelState {
    /// Circuit breaker of calls to ZITADEL.
    pub(crate) breaker: Option<Breaker>,
    pub(crate) verdicts: Verdicts,
    pub(crate) belief: Belief,
    pub(crate) canary: Option<Canary>,
    pub(crate) changes: Option<FollowedLog>,
    /// This API's credentials; `None` if they cannot change while the API runs.
    pub(crate) credentials: Option<Arc<CurrentCredentials>>,
}
