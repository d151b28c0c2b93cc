//! Program `app` for the tests of the process, of diagnosis and of `setup`: with three routes of
//! its own, independent of the demo API.

use std::process::ExitCode;

use app::{Authorized, Routes, guarded, public, run};
use axum::Json;
use domain::rules::{ReadMessages, SignedIn};
use serde_json::{Value, json};

async fn open() -> Json<Value> {
    Json(json!({ "message": "public" }))
}

async fn private(_: Authorized<SignedIn>) -> Json<Value> {
    Json(json!({ "message": "private" }))
}

async fn private_scoped(_: Authorized<ReadMessages>) -> Json<Value> {
    Json(json!({ "message": "private, scoped" }))
}

fn main() -> ExitCode {
    let routes = Routes::default()
        .get("/api/public", public(open))
        .get("/api/private", guarded(private))
        .get("/api/private-scoped", guarded(private_scoped));
    run(routes)
}
