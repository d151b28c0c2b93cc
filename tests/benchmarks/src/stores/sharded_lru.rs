//! The simplest implementation: a lock and an LRU list per shard.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    thread,
};

use lru::LruCache;
use quick_cache::DefaultHashBuilder;

use super::{Digest, Entry, Store};

type Shard = Mutex<LruCache<Digest, Entry, DefaultHashBuilder>>;

/// LRU lists behind locks, in as many shards as `quick_cache` has.
pub(super) struct ShardedLru(Box<[Shard]>);

impl ShardedLru {
    pub(super) fn new(max_entries: usize) -> Self {
        let shards = thread::available_parallelism().map_or(1, NonZeroUsize::get) * 4;
        let of_each = NonZeroUsize::new(max_entries.div_ceil(shards)).unwrap_or(NonZeroUsize::MIN);
        let shard = |_| Mutex::new(LruCache::with_hasher(of_each, DefaultHashBuilder::default()));
        Self((0..shards).map(shard).collect())
    }

    /// Returns the shard by a digest's upper half, which is evenly distributed.
    fn shard(&self, digest: Digest) -> &Shard {
        &self.0[usize::try_from((digest >> 64) % self.0.len() as u128).unwrap_or_default()]
    }
}

impl Store for ShardedLru {
    fn get(&self, digest: Digest) -> Option<Entry> {
        self.shard(digest).lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned()
    }

    fn insert(&self, digest: Digest, entry: Entry) {
        self.shard(digest).lock().unwrap_or_else(PoisonError::into_inner).put(digest, entry);
    }
}
