//! Handlers of the demo API: the three messages of ZITADEL's Python example.

use axum::Json;
use axum_zitadel::Authorized;
use domain::rules::{ReadMessages, SignedIn};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Message {
    message: &'static str,
}

pub(super) async fn public() -> Json<Message> {
    Json(Message { message: "Public route - You don't need to be authenticated to see this." })
}

pub(super) async fn private(_: Authorized<SignedIn>) -> Json<Message> {
    Json(Message { message: "Private route - You need to be authenticated to see this." })
}

pub(super) async fn private_scoped(_: Authorized<ReadMessages>) -> Json<Message> {
    Json(Message {
        message: "Private, scoped route - You need to be authenticated and have the role \
                  read:messages to see this.",
    })
}
