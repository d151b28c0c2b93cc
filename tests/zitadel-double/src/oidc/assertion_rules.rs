//! Rules beyond ZITADEL's checks (RFC 7523 §3: `jti`, short lifetime).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use super::assertion::{Assertion, ONE_HOUR};
use crate::violation::{Violation, ViolationLog};

/// Seen assertions: (`iss`, `jti`) to a digest of the whole.
#[derive(Debug, Default)]
pub(crate) struct SeenAssertions(Mutex<HashMap<(String, String), Vec<u8>>>);

impl SeenAssertions {
    /// Records violations: a lifetime over an hour, no `jti`, or the `jti` of a different
    /// assertion. An assertion may be repeated.
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
