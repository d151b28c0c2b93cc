//! Tests of the library's public API without ZITADEL: route tables, layers, and services behind a
//! rule.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so by panicking, and routers are the owner's here"
)]

mod api;
mod chaos;
mod denials;
mod ended;
mod floods;
mod folders;
mod freshness;
mod further_rules;
mod layer;
mod require;
mod resource;
mod sessions;
mod sockets;
mod streams;
mod table;
mod walk;
