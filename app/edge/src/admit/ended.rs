//! Reasons why a permit (proof of authorization) ends.

use thiserror::Error;

/// Reason why a permit ends, and with it the stream or task that depends on the permit.
///
/// An error that cuts off a response body has this source. Its message names no caller and no
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the permit has ended: {}", self.as_str())]
#[non_exhaustive]
pub enum Ended {
    /// `exp` of the access token has passed.
    Expired,
    /// After a change at the authorization server, a new introspection did not confirm the permit.
    Revoked,
    /// The stream or task has lasted its maximum time
    /// ([`GuardBuilder::max_stream`](crate::GuardBuilder::max_stream)).
    TooLong,
    /// This server is shutting down ([`Guard::stop`](crate::Guard::stop)).
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
