//! Harness of the black-box tests: starts the API as `main` does, and talks to it over sockets.

mod answer;
mod api;
mod feed;
mod npm;
mod oidc_provider;
mod setup;
mod socket;
mod table;

pub use answer::Answer;
pub use api::Api;
pub use feed::{MAX_STALENESS, with_feed};
pub use npm::node_modules;
pub use oidc_provider::{Counts, OidcProvider};
pub use setup::{Environment, reader, with_client_secret, with_key_file};
pub use socket::{closed, connect, exchange};
pub use table::routes;
