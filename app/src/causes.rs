//! What lies behind an error, for the log.

use std::{error::Error, iter};

/// The error and its causes, outermost first. One that only repeats the one before is said once.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
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

    /// An error with another one behind it.
    #[derive(Debug, Error)]
    #[error("{0}")]
    struct Before(&'static str, #[source] io::Error);

    #[test]
    fn the_cause_is_all_that_lies_behind_a_fault_outermost_first() {
        let refused = io::Error::other("connection refused");
        let error = Before("cannot connect", refused);
        assert_eq!(chain(&error), "cannot connect: connection refused");
    }

    #[test]
    fn a_cause_that_only_repeats_the_one_before_is_said_once() {
        let same = io::Error::other("the claim exp has the wrong type");
        let error = Before("the claim exp has the wrong type", same);
        assert_eq!(chain(&error), "the claim exp has the wrong type");
    }
}
