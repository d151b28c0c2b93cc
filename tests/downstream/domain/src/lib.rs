//! The domain of the downstream service.

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub number: u64,
    /// The subject that placed it.
    pub placed_by: String,
}
