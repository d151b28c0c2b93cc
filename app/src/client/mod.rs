//! Finds the client of a request behind trusted proxies, and limits introspections by client
//! address.

mod bounded;
mod forwarded;
mod networks;
mod peer;

pub(crate) use bounded::BoundedByAddress;
pub use networks::{InvalidNetwork, Networks};
pub(crate) use peer::{Client, Peer, network};
