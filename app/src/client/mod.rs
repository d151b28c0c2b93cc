//! The client of a request: the address it comes from, behind trusted proxies.

mod bounded;
mod forwarded;
mod networks;
mod peer;

pub(crate) use bounded::BoundedByAddress;
pub use networks::{InvalidNetwork, Networks};
pub(crate) use peer::{Client, Peer, network};
