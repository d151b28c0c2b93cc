//! Tests of `app check` and `app explain` as processes, each against a real failure: of the double
//! (ZITADEL's stand-in), a wrong port, a wrong certificate. The printed texts are pinned, because
//! people search for them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "../process/built.rs"]
mod built;
mod certificates;
mod check;
mod check_changes;
mod check_discovery;
mod check_introspection;
mod check_resource;
mod command_line;
mod explain_active;
mod explain_inactive;
mod explain_within;
mod groups;
mod observed;
#[path = "../process/picture.rs"]
mod picture;
mod pictures;
mod proxies;
#[path = "../process/pseudo_terminal.rs"]
mod pseudo_terminal;
mod run;
mod site;
mod states;
mod terminal;
