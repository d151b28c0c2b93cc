#![doc = include_str!("../README.md")]

pub mod bounded_file;
pub mod decorators;
mod in_memory;
mod stack;
mod system_clock;
pub mod zitadel;

pub use decorators::CacheSettings;
pub use in_memory::InMemoryIntrospector;
pub use stack::{Limits, Stack, stack};
pub use system_clock::SystemClock;
