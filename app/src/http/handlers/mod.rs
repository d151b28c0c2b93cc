//! The handlers of this API.

mod messages;

pub(super) use messages::{private, private_scoped, public_route};
