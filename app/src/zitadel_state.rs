//! State of the connection to ZITADEL, as operators see and change it.

use std::sync::Arc;

use adapters::{
    decorators::{Belief, Breaker},
    zitadel::{Canary, CurrentCredentials, FollowedLog, Verdicts},
};

/// State of the connection to ZITADEL, which the fake does not have.
#[derive(Debug, Default)]
pub(crate) struct ZitadelState {
    /// `None` in front of the fake.
    pub(crate) breaker: Option<Breaker>,
    pub(crate) verdicts: Verdicts,
    pub(crate) belief: Belief,
    pub(crate) canary: Option<Canary>,
    pub(crate) changes: Option<FollowedLog>,
    /// This API's credentials, if they may change while it runs.
    pub(crate) credentials: Option<Arc<CurrentCredentials>>,
}
