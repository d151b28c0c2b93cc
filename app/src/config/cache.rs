//! The section `[cache]`: for how long verdicts on tokens are reused, and how many are kept.

use std::time::Duration;

use adapters::CacheSettings;

use super::{error::ConfigError, layers::Layers, server::duration};

/// Default, with a change feed, of `cache.ttl`: the maximum time for which a verdict is reused.
const TTL_WITH_FEED: Duration = Duration::from_secs(5 * 60);

pub(super) fn read(layers: &Layers, has_feed: bool) -> Result<CacheSettings, ConfigError> {
    let ttl = match layers.origin("cache.ttl") {
        None if has_feed => TTL_WITH_FEED,
        _ => duration(layers, "cache.ttl")?,
    };
    if has_feed && ttl.is_zero() {
        return Err(layers.conflict(
            "cache.ttl",
            "0s reuses no answer, and changes.token_file is there to reuse them: leave cache.ttl out \
             (5m), or changes.token_file",
        ));
    }
    Ok(CacheSettings {
        ttl,
        max_entries: layers.required("cache.max_entries")?,
        max_bytes: layers.size("cache.max_bytes")?,
    })
}
