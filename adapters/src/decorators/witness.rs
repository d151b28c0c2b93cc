//! Evidence that the authorization server's own database works.

use async_trait::async_trait;
use thiserror::Error;

/// Vouches for the server when it calls a token inactive.
#[async_trait]
pub trait Witness: Send + Sync {
    /// Returns once a question that was sent after this call began has the expected answer.
    ///
    /// Cancel-safe. It has a time limit of its own.
    ///
    /// # Errors
    /// When the answer is another one, or does not come.
    async fn vouch(&self) -> Result<(), NoWitness>;

    /// Records that the server called a caller's token active just now.
    fn heard_active(&self) {}
}

/// Reason why an inactive verdict is not believed. It shows no token and no text from the server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{witness} does not vouch for it: {why}")]
pub struct NoWitness {
    /// Setting by which the witness is configured.
    pub witness: &'static str,
    /// Reason, such as the word for a fault.
    pub why: &'static str,
}
