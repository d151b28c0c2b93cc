//! A service with a domain of its own, guarded by the library; as a router and as a program.

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

/// The state of the service.
#[derive(Clone)]
pub struct Shop {
    /// The database, by its settings.
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

/// The service in a router of its own.
pub fn router(guard: &Guard, shop: Shop) -> Router {
    Router::new().route("/orders/{number}", get(read)).layer(guard.layer()).with_state(shop)
}

/// The service as a strict table.
pub fn routes(shop: Shop) -> Routes {
    Routes::default().get("/orders/{number}", guarded(read)).with_state(shop)
}
