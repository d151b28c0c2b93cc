#![doc = include_str!("../README.md")]

mod introspection;
mod replay;

pub use introspection::{Asked, Case, Section, introspection};
pub use replay::Replay;
