//! Cache of active verdicts, which decides how long each may be reused.

use std::{
    fmt,
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::{Duration, SystemTime},
};

use domain::{AccessToken, ActiveToken, Introspection, KeptVerdicts, Moment, Unusable};
use metrics::{Counter, Gauge, counter, gauge};
use quick_cache::{Weighter, sync::Cache};

use super::{
    digest::{Digest, Digester},
    weight,
};
use crate::{
    Clocks,
    changes::{Changes, Concerned},
};

/// Limits of the cache of verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// Age below which a verdict is reused; zero, the default, turns the cache off.
    pub ttl: Duration,
    /// Maximum number of verdicts; 100 000 by default.
    pub max_entries: NonZeroUsize,
    /// Maximum size of all verdicts, in bytes; 64 MiB by default. Memory that verdicts share is
    /// divided among them.
    pub max_bytes: NonZeroU64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            ttl: Duration::ZERO,
            max_entries: const { NonZeroUsize::new(100_000).unwrap() },
            max_bytes: const { NonZeroU64::new(64 * 1024 * 1024).unwrap() },
        }
    }
}

/// Cache of active verdicts. A cached verdict is judged again at each use.
///
/// A token is stored only as a digest under a random key of this cache. Inactive verdicts are not
/// stored: a fault can make ZITADEL call a valid token inactive.
pub struct TokenCache {
    entries: Cache<Digest, Entry, ByBytes>,
    digester: Digester,
    ttl_nanos: u64,
    /// Changes that the feed has reported; `None` without a feed.
    changes: Option<Arc<Changes>>,
    clocks: Clocks,
    hits: Counter,
    misses: Counter,
    size: Gauge,
    too_old: Counter,
    unusable: [Counter; Unusable::ALL.len()],
}

#[derive(Clone)]
struct Entry {
    token: ActiveToken,
    /// Time just before the introspection request was sent. The verdict's age counts from it.
    asked: Moment,
    /// Indexes of the verdict in the table of `changes`: a change recorded at one of them makes the
    /// verdict unusable; `None` without a change feed.
    concerned: Option<Concerned>,
    /// Size of this entry in bytes when it was added to the cache. A later size may differ, as more
    /// or fewer verdicts share memory.
    bytes: u64,
}

/// Weighs a cache entry by its bytes, but at least by `least` (maximum bytes divided by maximum
/// entries): many small entries cannot exceed the maximum number.
#[derive(Clone, Copy, Debug)]
struct ByBytes {
    least: u64,
}

impl Weighter<Digest, Entry> for ByBytes {
    fn weight(&self, _digest: &Digest, entry: &Entry) -> u64 {
        self.least.max(entry.bytes)
    }
}

impl TokenCache {
    /// Creates an empty cache of verdicts. Without `changes` from a feed, only age and `exp` limit
    /// reuse. Registers its metrics at the current recorder.
    #[must_use]
    pub fn new(settings: CacheSettings, changes: Option<Arc<Changes>>, clocks: Clocks) -> Self {
        let CacheSettings { ttl, max_entries, max_bytes } = settings;
        let (max_entries, max_bytes) = (max_entries.get(), max_bytes.get());
        let by_bytes = ByBytes { least: (max_bytes / max_entries as u64).max(1) };
        let requests =
            |result: &'static str| counter!("token_cache_requests_total", "result" => result);
        let unusable =
            |cause: &'static str| counter!("token_cache_unusable_total", "cause" => cause);
        Self {
            entries: Cache::with_weighter(max_entries, max_bytes, by_bytes),
            digester: Digester::new(),
            ttl_nanos: u64::try_from(ttl.as_nanos()).unwrap_or(u64::MAX),
            changes,
            clocks,
            hits: requests("hit"),
            misses: requests("miss"),
            size: gauge!("token_cache_entries"),
            too_old: unusable("too_old"),
            unusable: Unusable::ALL.map(|cause| unusable(cause.as_str())),
        }
    }

    fn usable(&self, token: &AccessToken<'_>, now: SystemTime) -> Option<ActiveToken> {
        // `domain::ReuseRule` relies on this order: now, watermark, entry, marks.
        let (wall, now) = (now, Moment::new(self.clocks.ticks.now(), now));
        let watermark = self.changes.as_ref().map(|changes| changes.watermark());
        let entry = self.entries.get(&self.digester.of_token(token))?;
        let is_expired = entry.token.expires_at.is_some_and(|expires_at| wall >= expires_at);
        if is_expired || entry.asked.age_nanos(now) >= self.ttl_nanos {
            self.too_old.increment(1);
            return None;
        }
        if let (Some(changes), Some(watermark), Some(concerned)) =
            (&self.changes, watermark, &entry.concerned)
            && let Err(cause) = changes.judge(now, watermark, entry.asked, concerned)
        {
            if let Some(counter) = self.unusable.get(cause as usize) {
                counter.increment(1);
            }
            return None;
        }
        Some(entry.token)
    }

    /// Stores an active verdict whose introspection request was sent after `asked`, unless the
    /// verdict is expired or too old. An inactive verdict removes the entry of the token.
    pub(super) fn keep(&self, token: &AccessToken<'_>, answer: &Introspection, asked: Moment) {
        let digest = self.digester.of_token(token);
        let Introspection::Active(active) = answer else {
            self.entries.remove(&digest);
            self.count();
            return;
        };
        let wall = self.clocks.wall.now();
        let now = Moment::new(self.clocks.ticks.now(), wall);
        let is_expired = active.expires_at.is_some_and(|expires_at| wall >= expires_at);
        if is_expired || asked.age_nanos(now) >= self.ttl_nanos {
            return;
        }
        // Two introspections may be under way for one token: an older verdict that comes late does
        // not replace a newer one.
        if self.entries.peek(&digest).is_some_and(|kept| kept.asked.tick > asked.tick) {
            return;
        }
        let concerned = self.changes.as_ref().map(|changes| changes.concerned(active));
        let bytes = size_of::<(Digest, Entry)>() as u64 + weight::beyond_itself(active);
        self.entries.insert(digest, Entry { token: active.clone(), asked, concerned, bytes });
        self.count();
    }

    fn count(&self) {
        #[expect(clippy::cast_precision_loss, reason = "no cache has 2^53 answers")]
        self.size.set(self.entries.len() as f64);
    }
}

impl KeptVerdicts for TokenCache {
    fn get(&self, token: &AccessToken<'_>, now: SystemTime) -> Option<ActiveToken> {
        let kept = self.usable(token, now);
        if kept.is_some() { &self.hits } else { &self.misses }.increment(1);
        kept
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("entries", &self.entries.len())
            .field("ttl", &Duration::from_nanos(self.ttl_nanos))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
