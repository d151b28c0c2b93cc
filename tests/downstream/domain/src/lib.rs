//! Domain of the downstream service.

/// Order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Number.
    pub number: u64,
    /// Subject that placed it.
    pub placed_by: String,
}
