//! A service with its own domain, guarded by the library; as a router and as a program.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use axum_zitadel::{
    Authorized, Guard, Rejection, Routes,
    domain::{Policy, Role, Rule},
    guarded,
};
use domain::Order;

/// Callers who may read orders.
pub struct ReadOrders;

impl Rule for ReadOrders {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("read:orders"));
}

/// State of the service.
#[derive(Clone)]
pub struct Shop {
    /// Database URL from the settings.
    pub database_url: String,
}

async fn read(
    permit: Authorized<ReadOrders>,
    State(shop): State<Shop>,
    Path(number): Path<u64>,
) -> Result<Json<String>, Rejection> {
    let order = Order { number, placed_by: "ada".to_owned() };
    if permit.principal().subject() != Some(&order.placed_by) {
        return Err(permit.deny("the order is another's"));
    }
    Ok(Json(format!("order {} from {}", order.number, shop.database_url)))
}

/// Returns the service as an axum router.
pub fn router(guard: &Guard, shop: Shop) -> Router {
    Router::new().route("/orders/{number}", get(read)).layer(guard.layer()).with_state(shop)
}

/// Returns the service as a table of guarded routes.
pub fn routes(shop: Shop) -> Routes {
    Routes::default().get("/orders/{number}", guarded(read)).with_state(shop)
}
