//! `[cache]`: how long an answer may be reused.

use adapters::CacheSettings;

use super::{error::ConfigError, layers::Layers, server::duration};

pub(super) fn read(layers: &Layers) -> Result<CacheSettings, ConfigError> {
    Ok(CacheSettings {
        ttl: duration(layers, "cache.ttl")?,
        max_entries: layers.required("cache.max_entries")?,
        max_bytes: layers.size("cache.max_bytes")?,
    })
}
