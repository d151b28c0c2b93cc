//! The suite against the double, and against a real server if the environment names one.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod administration;
mod cleaning_up;
mod double;
mod environment;
mod live;
mod set_up;
