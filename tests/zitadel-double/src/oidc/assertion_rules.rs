//! Rules for assertions beyond ZITADEL's own checks (RFC 7523 §3: `jti`, a short lifetime).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use super::assertion::{Assertion, ONE_HOUR};
use crate::violation::{Violation, ViolationLog};

/// Assertions seen: (`iss`, `jti`) to a digest of the whole assertion.
#[derive(Debug, Default)]
pub(crate) struct SeenAssertions(Mutex<HashMap<(String, String), Vec<u8>>>);

impl SeenAssertions {
    /// Records violations: a lifetime over an hour, no `jti`, or a `jti` that a different assertion
    /// has used. The same assertion may be repeated.
    pub(super) fn check(&self, assertion: &Assertion, compact: &str, log: &ViolationLog) {
        if assertion.lifetime().is_some_and(|lifetime| lifetime > ONE_HOUR) {
            log.add(Violation::AssertionLifetime);
        }
        let Some(id) = assertion.id() else {
            log.add(Violation::AssertionWithoutJti);
            return;
        };
        let name = (assertion.issuer().to_owned(), id.to_owned());
        let fingerprint = digest(&SHA256, compact.as_bytes()).as_ref().to_vec();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen.entry(name).or_insert_with(|| fingerprint.clone()) != fingerprint {
            log.add(Violation::AssertionJtiReused);
        }
    }
}
