#![doc = include_str!("../README.md")]

pub mod decorators;
mod in_memory;
mod system_clock;
pub mod zitadel;

pub use in_memory::InMemoryIntrospector;
pub use system_clock::SystemClock;
