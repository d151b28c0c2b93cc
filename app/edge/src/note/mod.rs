//! Log events about rejected requests, and the interface for metrics and spans.

mod causes;
mod fault_log;
mod missing_guard;
mod observer;
mod refusal_log;
mod shortened;
mod sums;

pub use causes::error_chain;
pub(crate) use missing_guard::log_missing_guard;
pub use observer::{RequestEnd, RequestHead, RequestObserver, UNMATCHED};
pub(crate) use refusal_log::RefusalLog;

/// `tracing` target of every log event of this crate, for subscriber filters.
pub(crate) const TARGET: &str = "axum_zitadel";
