//! Evidence that the authorization server's own database works.

use async_trait::async_trait;
use thiserror::Error;

/// Tells whether the server can be believed at the moment when it calls a token inactive.
#[async_trait]
pub trait Witness: Send + Sync {
    /// Returns when a question that was sent after this call began was answered as it should be.
    ///
    /// Cancel-safe. It has an end of its own.
    ///
    /// # Errors
    /// When it was answered otherwise, or not at all.
    async fn vouch(&self) -> Result<(), Unvouched>;

    /// Takes note that the server called a caller's token active just now.
    fn heard_active(&self) {}
}

/// Why an inactive is not believed. It shows no token, and no text of the server's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{witness} does not vouch for it: {why}")]
pub struct Unvouched {
    /// The setting by which the witness is configured.
    pub witness: &'static str,
    /// The reason, such as the word for a fault.
    pub why: &'static str,
}
