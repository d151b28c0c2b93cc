//! The third driven port: tells when a verdict that is in use has to be obtained anew.

use async_trait::async_trait;

use crate::{ActiveToken, Tick};

/// Tells when a verdict that stays in use, such as that on an open stream, has to be obtained anew.
///
/// A caller reads [`now`](Self::now), obtains a verdict, and waits for [`doubted`](Self::doubted). Once
/// it completes, the caller reads `now` again and obtains the verdict by a new question, which
/// [`Freshness::Asked`](crate::Freshness::Asked) stands for: a kept answer may be the one that is in
/// doubt. It then waits again, with the new verdict and the new tick.
///
/// A doubt is no denial, and an implementation asks the authorization server nothing. `exp` is the
/// caller's to watch.
#[async_trait]
pub trait VerdictWatch: Send + Sync {
    /// Returns the tick that a verdict counts from. It is read before the verdict is obtained.
    fn now(&self) -> Tick;

    /// Waits until the verdict that was obtained from `asked` on, and told `token`, has to be obtained
    /// anew. It completes at once where that is so already, and never where nothing is said against the
    /// verdict. A refresh of the session is nothing: the session goes on.
    ///
    /// Cancel-safe: a call that is dropped may be made again with the same arguments.
    async fn doubted(&self, token: &ActiveToken, asked: Tick);
}
