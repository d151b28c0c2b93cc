//! Origin of a configured value, for error messages.

use std::fmt;

/// Name and layer that set a value, such as `CLIENT_ID` in `.env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) name: String,
    pub(super) layer: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.name, self.layer)
    }
}
