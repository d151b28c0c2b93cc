//! The candidates for the cache's store, behind one trait, with the key and the value that the
//! token cache of the adapters has.

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

/// The key: a digest of a token.
pub type Digest = u128;

/// The value: what is known of a token, and from when on it is not used any more.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What is known.
    pub token: ActiveToken,
    /// In nanoseconds from the start of the cache.
    pub stale_at_nanos: u64,
}

/// The digest of the token of that number; always the same.
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

/// An entry with a principal of its own.
#[must_use]
pub fn entry() -> Entry {
    let token = ActiveToken {
        expires_at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000)),
        principal: Arc::new(Principal::default()),
        ..ActiveToken::default()
    };
    Entry { token, stale_at_nanos: u64::MAX }
}

/// A store that is bounded in entries.
pub trait Store: Send + Sync {
    /// A copy of what is kept under a key.
    fn get(&self, digest: Digest) -> Option<Entry>;

    /// Keeps an entry; another one may have to go.
    fn insert(&self, digest: Digest, entry: Entry);
}

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// `quick_cache`, which the adapters use.
    QuickCache,
    /// moka's synchronous cache.
    Moka,
    /// A lock and an LRU list for each shard: the floor.
    ShardedLru,
}

impl Candidate {
    /// All of them; the one in use comes first.
    pub const ALL: [Self; 3] = [Self::QuickCache, Self::Moka, Self::ShardedLru];

    /// An empty store for at most so many entries. All of them hash alike.
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
