//! Reasons for which an answer outlives its permit no longer.

use thiserror::Error;

/// Reason why what a permit opened ends: a stream, a long answer, work that it started.
///
/// It is the source of the error with which a body is cut. Its text names no caller and no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the permit has ended: {}", self.as_str())]
#[non_exhaustive]
pub enum Ended {
    /// `exp` of the access token has come.
    Expired,
    /// The change feed and a new verdict took the permit back.
    Revoked,
    /// `auth.max_stream` is over.
    TooLong,
    /// The server drains.
    Stopping,
}

impl Ended {
    /// Returns the reason as one word: `expired`, `revoked`, `too_long` or `stopping`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::TooLong => "too_long",
            Self::Stopping => "stopping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_one_word_and_the_end_of_its_text() {
        let words = [
            (Ended::Expired, "expired"),
            (Ended::Revoked, "revoked"),
            (Ended::TooLong, "too_long"),
            (Ended::Stopping, "stopping"),
        ];
        for (ended, word) in words {
            assert_eq!(ended.as_str(), word);
            assert_eq!(ended.to_string(), format!("the permit has ended: {word}"));
        }
    }
}
