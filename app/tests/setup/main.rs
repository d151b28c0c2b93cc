//! `app setup`, run as people run it, against the double's management API: from every half-way
//! state to the end, with each call counted.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "../process/built.rs"]
mod built;
mod callers;
mod changes;
mod credentials;
mod directory;
mod files;
mod first_run;
mod half_way;
mod lost;
mod managers;
mod mcp_client;
mod own_program;
mod program;
mod removal;
mod report;
mod rights;
mod ringing;
mod webhook;
