#![doc = include_str!("../README.md")]

mod admin;
mod banner;
mod causes;
mod check;
mod compose;
pub mod config;
mod credential_files;
mod explain;
mod http;
mod local_tokens;
mod metrics;
mod serve;
mod start;
pub mod telemetry;
mod token_file;
pub mod token_input;

pub use banner::Banner;
pub use check::{Checked, check};
pub use config::{Config, ConfigError};
pub use explain::{Explained, explain};
pub use http::{Access, Authorized, Guarded, Mountable, Route, Routes, guarded, public, routes};
pub use local_tokens::{LocalTokens, LocalTokensError};
pub use serve::{Running, Stopped};
pub use start::{StartError, router, start};
