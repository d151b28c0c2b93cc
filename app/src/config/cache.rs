//! `[cache]`: how long an answer may be reused.

use std::{num::NonZeroUsize, time::Duration};

use super::{error::ConfigError, layers::Layers, server::duration};

/// How long an answer may be reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// The age up to which an answer is reused; zero is off.
    pub ttl: Duration,
    /// Answers kept at most.
    pub max_entries: NonZeroUsize,
}

impl Cache {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            ttl: duration(layers, "cache.ttl")?,
            max_entries: layers.required("cache.max_entries")?,
        })
    }
}
