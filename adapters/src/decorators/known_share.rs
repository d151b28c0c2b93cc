//! Share of the requests to ZITADEL that is reserved for known tokens.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Share of the permitted concurrent introspections and requests per second, in whole percent, that
/// is reserved for tokens whose last verdict was active; 25 % by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownShare(u8);

/// Error for text that is not a percentage from `0%` to `90%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no share")]
pub struct InvalidShare;

impl KnownShare {
    const MAX: u8 = 90;

    pub(crate) const fn of(self, whole: usize) -> usize {
        // In this order it cannot overflow, and rounding twice loses nothing.
        whole / 100 * self.0 as usize + whole % 100 * self.0 as usize / 100
    }
}

impl Default for KnownShare {
    fn default() -> Self {
        Self(25)
    }
}

impl FromStr for KnownShare {
    type Err = InvalidShare;

    fn from_str(text: &str) -> Result<Self, InvalidShare> {
        let percent = text.strip_suffix('%').and_then(|percent| percent.trim_end().parse().ok());
        percent.filter(|percent| *percent <= Self::MAX).map(Self).ok_or(InvalidShare)
    }
}

impl fmt::Display for KnownShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_whole_percentage_that_leaves_something() {
        for (text, of_256) in [("25%", 64), ("0%", 0), ("90%", 230), ("50 %", 128)] {
            let share: KnownShare = text.parse().unwrap();
            assert_eq!(share.of(256), of_256, "{text}");
        }
        for text in ["25", "91%", "100%", "-1%", "2.5%", "%", "", "a%"] {
            assert_eq!(text.parse::<KnownShare>(), Err(InvalidShare), "{text}");
        }
        assert_eq!(KnownShare::default().to_string(), "25%");
    }

    #[test]
    fn something_is_left_of_any_whole() {
        for whole in [1, 2, 3, 99, 100, 101, usize::MAX] {
            assert!(KnownShare(KnownShare::MAX).of(whole) < whole, "{whole}");
        }
    }
}
