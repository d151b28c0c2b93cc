//! Benchmarks. `cargo run --release -p benchmarks --bin load` compares the app under load to
//! minimal alternatives.

#![expect(clippy::indexing_slicing, reason = "a benchmark that cannot go on says so by panicking")]

pub mod flood;
pub mod layered;
pub mod load;
pub mod pairs;
pub mod server;
pub mod stores;
