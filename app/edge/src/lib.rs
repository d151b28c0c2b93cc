#![doc = include_str!("../README.md")]

mod admit;
mod answer;
#[cfg(test)]
#[path = "../../../tests/fuzz/corpus.rs"]
mod corpus;
mod mount;
mod note;
#[cfg(feature = "testing")]
pub mod testing;

pub use domain;

pub use admit::{
    Authorized, Ended, Following, FurtherRules, Guard, GuardBuilder, GuardLayer, Guarding,
    MCP_SESSION_ID, Require, RequireLayer, RoutableService, ServicePermit,
};
pub use answer::{
    BearerError, InvalidRealm, InvalidResource, InvalidStatus, MissingRoleStatus, Problem, Realm,
    Reason, Rejection, RequestId, Resource, X_REQUEST_ID,
};
pub use mount::{
    Access, Admission, Arguments, GuardedService, Mountable, NotFound, PermitFirst, Route, Routes,
    guarded, optional, public, require, resource_metadata,
};
pub use note::{RequestEnd, RequestHead, RequestObserver, UNMATCHED, error_chain};

/// Functions that the fuzz targets in `tests/fuzz` call.
#[cfg(fuzzing)]
pub mod fuzz {
    pub use crate::admit::authorization;
}
