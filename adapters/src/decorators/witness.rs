//! Witnesses: checks that the authorization server's database works.

use async_trait::async_trait;
use thiserror::Error;

/// Confirms that ZITADEL's database works, when ZITADEL calls a token inactive.
#[async_trait]
pub trait Witness: Send + Sync {
    /// Checks the database by a request that is sent after this call begins. Returns once the
    /// response shows that the database works.
    ///
    /// Cancel-safe. An implementation limits its own time.
    ///
    /// # Errors
    /// When the response does not show that, or does not arrive.
    async fn vouch(&self) -> Result<(), NoWitness>;

    /// Informs the witness that ZITADEL has just called a caller's token active. A canary uses
    /// this: if the canary's token alone stays inactive, that token is at fault, not the database.
    fn heard_active(&self) {}
}

/// Reason why a witness does not confirm that ZITADEL's database works. Contains no token and no
/// text from ZITADEL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{witness} does not vouch for it: {why}")]
pub struct NoWitness {
    /// Name of the setting that configures the witness.
    pub witness: &'static str,
    /// Reason why the witness does not vouch, such as the keyword of an introspection error.
    pub why: &'static str,
}
