//! Baselines for the app: bare axum, and a plain handler that introspects each token by one pooled
//! POST with `client_secret_basic`.

use std::{env, error::Error, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    routing::get,
};
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;

struct Introspection {
    client: reqwest::Client,
    endpoint: String,
    client_id: String,
    client_secret: String,
}

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

async fn public() -> Json<Message> {
    Json(Message { message: "Public route - You don't need to be authenticated to see this." })
}

async fn private(
    State(introspection): State<Arc<Introspection>>,
    headers: HeaderMap,
) -> Result<Json<Message>, StatusCode> {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let answer = introspection
        .client
        .post(&introspection.endpoint)
        .basic_auth(&introspection.client_id, Some(&introspection.client_secret))
        .form(&[("token", token)])
        .send()
        .await
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let answer = answer.bytes().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let answer: Value =
        serde_json::from_slice(&answer).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    if answer.get("active") != Some(&Value::Bool(true)) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(Message { message: "Private route - You need to be authenticated to see this." }))
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "this is what the app is compared with")]
async fn main() -> Result<(), Box<dyn Error>> {
    let introspection = Introspection {
        client: reqwest::Client::builder().no_proxy().build()?,
        endpoint: env::var("ENDPOINT")?,
        client_id: env::var("CLIENT_ID")?,
        client_secret: env::var("CLIENT_SECRET")?,
    };
    let router = Router::new()
        .route("/api/public", get(public))
        .route("/api/private", get(private))
        .with_state(Arc::new(introspection));
    let listener = TcpListener::bind(env::var("LISTEN")?).await?;
    axum::serve(listener, router).await?;
    Ok(())
}
