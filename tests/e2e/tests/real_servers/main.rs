//! The walk-through against third-party servers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod live_zitadel;
mod oidc_provider;
mod prometheus;
