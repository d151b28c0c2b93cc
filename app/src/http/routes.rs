//! The route table of this API: who may call what. The rule of a guarded route stands in its
//! handler's signature.

use super::{
    handlers::{private, private_scoped, public_route},
    mount::{Routes, guarded, public},
};

/// Every route of this API.
#[must_use]
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/public", public(public_route))
        .get("/api/private", guarded(private))
        .get("/api/private-scoped", guarded(private_scoped))
}
