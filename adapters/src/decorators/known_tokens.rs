//! Set of tokens whose last verdict was active, for which a share of the capacity is reserved.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{AccessToken, ActiveToken, Introspection};
use metrics::{Gauge, gauge};
use quick_cache::unsync::Cache;

use super::digest::{Digest, Digester};

/// Maximum number of token texts with the same token id in the set. ZITADEL accepts a session token
/// with its last characters changed or cut off: without this limit, one user could fill the set.
const TEXTS_OF_A_TOKEN: usize = 4;

/// Set of tokens whose last verdict was active. A token stays even when its verdict may not be
/// reused. The set only decides who is served while capacity is short.
///
/// Tokens are stored as keyed digests.
pub struct KnownTokens {
    known: Mutex<Known>,
    digester: Digester,
    size: Gauge,
}

struct Known {
    /// Maps the digest of a token's text to the digest of the token's id.
    ids: Cache<Digest, Digest>,
    /// Maps the digest of a token's id to the digests of its texts, the newest first. A token is
    /// known only if both maps contain it: each map evicts entries on its own.
    texts: Cache<Digest, [Option<Digest>; TEXTS_OF_A_TOKEN]>,
}

impl KnownTokens {
    /// Creates an empty set of at most `max_tokens`. Registers its metrics at the current recorder.
    #[must_use]
    pub fn new(max_tokens: NonZeroUsize) -> Self {
        let (ids, texts) = (Cache::new(max_tokens.get()), Cache::new(max_tokens.get()));
        let known = Mutex::new(Known { ids, texts });
        Self { known, digester: Digester::new(), size: gauge!("known_tokens") }
    }

    /// Returns whether the last verdict on `token` was active, as far as it is remembered.
    #[must_use]
    pub fn contains(&self, token: &AccessToken<'_>) -> bool {
        let text = self.digester.of_token(token);
        let known = self.lock();
        let Some(id) = known.ids.get(&text).copied() else { return false };
        known.texts.get(&id).is_some_and(|texts| texts.contains(&Some(text)))
    }

    /// Adds `token` to the set if `verdict` is active, and removes it if not.
    pub fn learn(&self, token: &AccessToken<'_>, verdict: &Introspection) {
        let text = self.digester.of_token(token);
        let mut known = self.lock();
        match verdict {
            Introspection::Active(active) => known.remember(text, self.id(text, active)),
            Introspection::Inactive => known.forget(text),
        }
        #[expect(clippy::cast_precision_loss, reason = "no set has 2^53 tokens")]
        self.size.set(known.ids.len() as f64);
    }

    /// Returns the digest of the token's id, or of its text (`text`) if it has no id.
    fn id(&self, text: Digest, active: &ActiveToken) -> Digest {
        active.id.as_ref().map_or(text, |id| self.digester.of(id.as_str()))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn remember(&mut self, text: Digest, id: Digest) {
        let mut texts = self.texts.get(&id).copied().unwrap_or_default();
        if !texts.contains(&Some(text)) {
            texts.rotate_right(1);
            if let Some(oldest) = texts[0].replace(text) {
                self.ids.remove(&oldest);
            }
            self.texts.insert(id, texts);
        }
        self.ids.insert(text, id);
    }

    fn forget(&mut self, text: Digest) {
        let Some((_, id)) = self.ids.remove(&text) else { return };
        let Some(mut texts) = self.texts.get_mut(&id) else { return };
        for slot in texts.iter_mut().filter(|slot| **slot == Some(text)) {
            *slot = None;
        }
    }
}

impl fmt::Debug for KnownTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = self.lock().ids.len();
        f.debug_struct("KnownTokens").field("tokens", &tokens).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
