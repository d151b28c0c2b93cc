//! The port through which an open stream learns that its verdict must be obtained anew.

use async_trait::async_trait;

use crate::{ActiveToken, Tick};

/// Signals when a verdict in use, such as that of an open stream, must be obtained anew.
///
/// A caller reads [`now`](Self::now), obtains a verdict, and waits for [`doubted`](Self::doubted).
/// Then it reads `now` again, obtains a verdict with [`Freshness::Asked`](crate::Freshness::Asked),
/// never a cached one, and waits again.
///
/// Doubt is no denial: the verdict may still be true. An implementation sends no request to the
/// authorization server; the caller watches `exp`.
#[async_trait]
pub trait VerdictWatch: Send + Sync {
    /// Returns the current time, which a caller reads before it obtains a verdict and passes to
    /// [`doubted`](Self::doubted) as `asked`.
    fn now(&self) -> Tick;

    /// Waits until a change at the authorization server may have made the verdict `token` untrue;
    /// forever without such a change. Returns at once if one came after `asked`, the time just
    /// before the verdict was obtained. A refresh of the session does not count.
    ///
    /// Cancel-safe: after a dropped call, the same call can be made again.
    async fn doubted(&self, token: &ActiveToken, asked: Tick);
}
