//! Tests of `app setup` as a process: its calls to the double's management API, from an empty
//! ZITADEL and from half-finished states.

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
#[cfg(target_os = "linux")]
#[path = "../process/picture.rs"]
mod picture;
#[cfg(target_os = "linux")]
mod pictures;
mod program;
#[path = "../process/pseudo_terminal.rs"]
mod pseudo_terminal;
mod removal;
mod report;
mod rights;
mod ringing;
mod webhook;
