//! Routes of the API under test: the paths of the demo API without its code, which a fork may
//! replace.

use app::{Authorized, Routes, guarded, public};
use axum::Json;
use domain::rules::{ReadMessages, SignedIn};
use serde_json::{Value, json};

async fn open() -> Json<Value> {
    Json(json!({
        "message": "Public route - You don't need to be authenticated to see this.",
    }))
}

async fn private(_: Authorized<SignedIn>) -> Json<Value> {
    Json(json!({ "message": "Private route - You need to be authenticated to see this." }))
}

async fn private_scoped(_: Authorized<ReadMessages>) -> Json<Value> {
    Json(json!({
        "message": "Private, scoped route - You need to be authenticated and have the role \
                    read:messages to see this.",
    }))
}

/// Returns the test routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/public", public(open))
        .get("/api/private", guarded(private))
        .get("/api/private-scoped", guarded(private_scoped))
}
