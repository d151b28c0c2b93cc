//! Demo API: the three routes of ZITADEL's Python example, on public names of `axum-zitadel` only.

mod handlers;
mod routes;

pub use routes::routes;

#[cfg(test)]
mod tests;
