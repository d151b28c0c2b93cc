//! Formats an error and its causes in one line.

use std::{error::Error, iter};

/// Returns `error` and its causes in one line, outermost first. A cause is left out if its text
/// equals the one before.
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let errors = iter::successors(Some(error), |error| (**error).source());
    let mut texts: Vec<_> = errors.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use thiserror::Error;

    use super::*;

    #[derive(Debug, Error)]
    #[error("{0}")]
    struct Before(&'static str, #[source] io::Error);

    #[test]
    fn the_cause_is_all_that_lies_behind_a_fault_outermost_first() {
        let refused = io::Error::other("connection refused");
        let error = Before("cannot connect", refused);
        assert_eq!(error_chain(&error), "cannot connect: connection refused");
    }

    #[test]
    fn a_cause_that_only_repeats_the_one_before_is_said_once() {
        let same = io::Error::other("the claim exp has the wrong type");
        let error = Before("the claim exp has the wrong type", same);
        assert_eq!(error_chain(&error), "the claim exp has the wrong type");
    }
}
