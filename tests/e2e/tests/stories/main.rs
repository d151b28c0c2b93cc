//! Stories of the started API over sockets, with the double as its ZITADEL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod addresses;
mod audiences;
mod change_feed_polls;
mod changes_lag;
mod changes_lost;
mod changes_silence;
mod closed_connections;
mod dead_connections;
mod denials;
mod documentation;
mod drain;
mod early_answers;
mod faults;
mod floods;
mod http2;
mod inactive_doubted;
mod isolation;
mod leavers;
mod limits;
mod mcp_streams;
mod open_streams;
mod operators;
mod outages;
mod request_heads;
mod request_ids;
mod rotation;
mod short_lived;
mod shutdown;
mod slow_clients;
mod slow_tools;
mod stalls;
mod steady;
mod tour;
mod walkthrough;
mod webhooks;
mod wishes;
mod witness;
