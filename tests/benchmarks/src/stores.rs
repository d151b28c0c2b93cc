//! Candidates for the cache's store behind one trait, with key and value of the token cache.

mod sharded_lru;

use std::{
    fmt,
    hash::{DefaultHasher, Hasher},
    sync::Arc,
    time::{Duration, SystemTime},
};

use domain::{ActiveToken, Principal};
use quick_cache::DefaultHashBuilder;

use sharded_lru::ShardedLru;

/// Key: digest of a token.
pub type Digest = u128;

/// Value: verdict on a token, and its end of use.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Verdict.
    pub token: ActiveToken,
    /// End of use, in nanoseconds from the start of the cache.
    pub stale_at_nanos: u64,
}

/// Returns the digest of a token by its number.
#[must_use]
pub fn digest(number: u32) -> Digest {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write_u32(number);
        u128::from(hasher.finish())
    };
    (half(0) << 64) | half(1)
}

/// Returns an entry with its own principal.
#[must_use]
pub fn entry() -> Entry {
    let token = ActiveToken {
        expires_at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000)),
        principal: Arc::new(Principal::default()),
        ..ActiveToken::default()
    };
    Entry { token, stale_at_nanos: u64::MAX }
}

/// Store with a maximum number of entries.
pub trait Store: Send + Sync {
    /// Returns a copy of the entry under a key.
    fn get(&self, digest: Digest) -> Option<Entry>;

    /// Stores an entry, and may evict another.
    fn insert(&self, digest: Digest, entry: Entry);
}

/// Store to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// `quick_cache`, the store in use.
    QuickCache,
    /// moka's synchronous cache.
    Moka,
    /// Baseline: a lock and an LRU list per shard.
    ShardedLru,
}

impl Candidate {
    /// All stores, the one in use first.
    pub const ALL: [Self; 3] = [Self::QuickCache, Self::Moka, Self::ShardedLru];

    /// Creates an empty store for at most that many entries. All use the same hasher.
    #[must_use]
    pub fn open(self, max_entries: usize) -> Box<dyn Store> {
        match self {
            Self::QuickCache => Box::new(quick_cache::sync::Cache::new(max_entries)),
            Self::Moka => Box::new(
                moka::sync::Cache::builder()
                    .max_capacity(u64::try_from(max_entries).unwrap_or(u64::MAX))
                    .build_with_hasher(DefaultHashBuilder::default()),
            ),
            Self::ShardedLru => Box::new(ShardedLru::new(max_entries)),
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QuickCache => "quick_cache",
            Self::Moka => "moka",
            Self::ShardedLru => "sharded Mutex<LruCache>",
        })
    }
}

impl Store for quick_cache::sync::Cache<Digest, Entry> {
    fn get(&self, digest: Digest) -> Option<Entry> {
        self.get(&digest)
    }

    fn insert(&self, digest: Digest, entry: Entry) {
        self.insert(digest, entry);
    }
}

impl Store for moka::sync::Cache<Digest, Entry, DefaultHashBuilder> {
    fn get(&self, digest: Digest) -> Option<Entry> {
        self.get(&digest)
    }

    fn insert(&self, digest: Digest, entry: Entry) {
        self.insert(digest, entry);
    }
}
