#![doc = include_str!("../README.md")]

pub mod bounded_file;
pub mod changes;
#[cfg(test)]
#[path = "../../tests/fuzz/corpus.rs"]
mod corpus;
pub mod decorators;
mod in_memory;
#[cfg(test)]
mod paused_clocks;
#[cfg(test)]
mod recorded;
mod shown_path;
mod stack;
mod system_clock;
pub mod zitadel;

pub use decorators::CacheSettings;
pub use in_memory::InMemoryIntrospector;
pub use shown_path::ShownPath;
pub use stack::{Limits, Stack, stack};
pub use system_clock::{Clocks, SystemClock};
