#![doc = include_str!("../README.md")]

mod admin;
mod advice;
mod api;
mod banner;
mod check;
mod client;
mod compose;
pub mod config;
#[cfg(test)]
#[path = "../../tests/fuzz/corpus.rs"]
mod corpus;
mod cors;
mod doorbell;
mod explain;
mod explainer;
#[cfg(test)]
mod import_circles;
mod local_tokens;
mod metrics;
mod once_a_minute;
mod open_files;
mod program;
mod request_telemetry;
mod router;
mod running;
mod serve;
#[cfg(feature = "setup")]
mod setup;
mod start;
mod start_error;
pub mod telemetry;
mod token_file;
pub mod token_input;
mod toml_line;
mod zitadel_state;

pub use api::routes;
pub use axum_zitadel::{
    Access, Authorized, GuardedService, Mountable, Problem, Rejection, Resource, Route, Routes,
    ServicePermit, guarded, optional, public, require,
};
pub use banner::Banner;
pub use check::{CheckReport, check};
pub use config::{Config, ConfigError};
pub use explain::{ExplainReport, explain};
pub use local_tokens::{LocalTokens, LocalTokensError};
pub use program::{Program, run};
pub use running::Running;
pub use serve::Stopped;
pub use start::{router, start};
pub use start_error::StartError;

/// Functions, called by the fuzz targets in `tests/fuzz`, that check properties.
#[cfg(fuzzing)]
pub mod fuzz {
    pub use crate::config::dotenv_law as dotenv;
}
