//! The third driven port: tells when a verdict that stays in use must be obtained anew.

use async_trait::async_trait;

use crate::{ActiveToken, Tick};

/// Tells when a verdict that stays in use, such as that on an open stream, must be obtained anew.
///
/// A caller reads [`now`](Self::now), obtains a verdict, and waits for [`doubted`](Self::doubted).
/// Once it completes, the caller reads `now` again and obtains a verdict with
/// [`Freshness::Asked`](crate::Freshness::Asked), since a cached answer may be the one in doubt. It
/// then waits again, with the new verdict and the new tick.
///
/// A doubt is no denial, and an implementation never asks the authorization server. The caller
/// watches `exp`.
#[async_trait]
pub trait VerdictWatch: Send + Sync {
    /// Returns the tick from which a verdict counts. It is read before the verdict is obtained.
    fn now(&self) -> Tick;

    /// Waits until the verdict `token`, obtained after `asked`, must be obtained anew. Completes at
    /// once if that is so already, and never if no change speaks against the verdict. A refresh of
    /// the session does not count: the session goes on.
    ///
    /// Cancel-safe: a call that is dropped may be made again with the same arguments.
    async fn doubted(&self, token: &ActiveToken, asked: Tick);
}
