//! The port through which an open stream learns that its verdict must be obtained anew.

use async_trait::async_trait;

use crate::{ActiveToken, Tick};

/// Signals when a verdict in use, such as that of an open stream, must be obtained anew.
///
/// A caller reads [`now`](Self::now), obtains a verdict, and waits for [`doubted`](Self::doubted).
/// Once that completes, the caller reads `now` again, obtains a verdict with
/// [`Freshness::Asked`](crate::Freshness::Asked) instead of a cached one, and waits again.
///
/// A verdict in doubt may still be true: doubt is no denial. An implementation sends no request to
/// the authorization server; the caller watches `exp`.
#[async_trait]
pub trait VerdictWatch: Send + Sync {
    /// Returns the current time (tick), which a caller reads before it obtains a verdict and passes
    /// to [`doubted`](Self::doubted) as `asked`.
    fn now(&self) -> Tick;

    /// Waits until a change at the authorization server may have made the verdict `token` untrue.
    /// Returns at once if such a change came after `asked`, the time just before the verdict was
    /// obtained, and never without one. A refresh of the session does not count as such a change.
    ///
    /// Cancel-safe: after a dropped call, the same call can be made again.
    async fn doubted(&self, token: &ActiveToken, asked: Tick);
}
