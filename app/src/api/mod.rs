//! Demo API: the three routes of ZITADEL's Python example, built on `axum-zitadel`.

mod handlers;
mod routes;

pub use routes::routes;

#[cfg(test)]
mod tests;
