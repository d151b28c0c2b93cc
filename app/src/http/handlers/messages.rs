//! The three messages of ZITADEL's Python example.

use axum::Json;
use domain::rules::{ReadMessages, SignedIn};
use serde::Serialize;

use crate::http::Authorized;

#[derive(Serialize)]
pub(crate) struct Message {
    message: &'static str,
}

pub(crate) async fn public_route() -> Json<Message> {
    Json(Message {
        message: "Public route - You don't need to be authenticated to see this.",
    })
}

pub(crate) async fn private(_: Authorized<SignedIn>) -> Json<Message> {
    Json(Message {
        message: "Private route - You need to be authenticated to see this.",
    })
}

pub(crate) async fn private_scoped(_: Authorized<ReadMessages>) -> Json<Message> {
    Json(Message {
        message: "Private, scoped route - You need to be authenticated and have the role \
                  read:messages to see this.",
    })
}
