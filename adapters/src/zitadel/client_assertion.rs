//! Signed client assertions for `private_key_jwt` (RFC 7523), each reused for many requests.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use domain::{Clock, IntrospectionError, Issuer};
use jsonwebtoken::{Algorithm, Header, encode};
use serde::Serialize;
use uuid::Uuid;

use super::{NamedIssuer, key_file::KeyFile};

/// Lifetime of an assertion. ZITADEL refuses one older than an hour.
const LIFETIME: Duration = Duration::from_mins(10);
/// Age at which an assertion is replaced by a new one: half of its lifetime.
const RENEWAL_AGE: Duration = Duration::from_mins(5);
/// Age below which a refused assertion is not replaced: ZITADEL would refuse a new one, too.
const FRESH: Duration = Duration::from_secs(5);
/// Time by which an assertion's `iat` is dated back: ZITADEL refuses an `iat` more than a second
/// ahead of its own clock.
const BACK_DATED: Duration = Duration::from_secs(10);

pub(super) struct ClientAssertions {
    pub(super) key_file: KeyFile,
    signed: Mutex<Option<Signed>>,
}

struct Signed {
    issuer: Issuer,
    assertion: Arc<str>,
    at: SystemTime,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: Uuid,
}

impl ClientAssertions {
    pub(super) fn new(key_file: KeyFile) -> Self {
        Self { key_file, signed: Mutex::new(None) }
    }

    /// Returns an assertion for `issuer` that stays valid for five minutes at least.
    pub(super) fn current(
        &self,
        issuer: &NamedIssuer,
        clock: &dyn Clock,
    ) -> Result<Arc<str>, IntrospectionError> {
        let now = clock.now();
        let issuer = issuer.get();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = &*signed
            && signed.issuer == issuer
            && now.duration_since(signed.at).is_ok_and(|age| age < RENEWAL_AGE)
        {
            return Ok(Arc::clone(&signed.assertion));
        }
        let assertion: Arc<str> = self.sign(now, &issuer)?.into();
        *signed = Some(Signed { issuer, assertion: Arc::clone(&assertion), at: now });
        Ok(assertion)
    }

    /// Discards the assertion `refused`, unless it was signed less than five seconds ago. Returns
    /// whether another assertion can be tried.
    pub(super) fn renew(&self, refused: &Arc<str>, clock: &dyn Clock) -> bool {
        let now = clock.now();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        match &*signed {
            Some(current) if Arc::ptr_eq(&current.assertion, refused) => {
                if now.duration_since(current.at).is_ok_and(|age| age < FRESH) {
                    return false;
                }
                *signed = None;
                true
            }
            _ => true,
        }
    }

    fn sign(&self, now: SystemTime, issuer: &Issuer) -> Result<String, IntrospectionError> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let client_id = self.key_file.client_id.as_str();
        let header =
            Header { kid: Some(self.key_file.key_id.clone()), ..Header::new(Algorithm::RS256) };
        let claims = Claims {
            iss: client_id,
            sub: client_id,
            aud: issuer.as_str(),
            iat: now.saturating_sub(BACK_DATED).as_secs(),
            exp: (now + LIFETIME).as_secs(),
            jti: Uuid::new_v4(),
        };
        encode(&header, &claims, &self.key_file.key)
            .map_err(|error| IntrospectionError::ClientRefused { source: Arc::new(error) })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use domain::MockClock;
    use serde_json::Value;

    use super::*;
    use crate::zitadel::test_key::KEY_JSON;

    struct Assertions(ClientAssertions, NamedIssuer, MockClock);

    impl Assertions {
        fn current(&self) -> Result<Arc<str>, IntrospectionError> {
            self.0.current(&self.1, &self.2)
        }

        fn renew(&self, refused: &Arc<str>) -> bool {
            self.0.renew(refused, &self.2)
        }
    }

    /// Returns client assertions with a test clock. Each time it is read, the clock shows a fixed
    /// date plus the next of `ages_secs`.
    fn assertions_at(ages_secs: &'static [u64]) -> Assertions {
        let mut clock = MockClock::new();
        let mut ages = ages_secs.iter();
        clock.expect_now().returning(move || {
            let age = Duration::from_secs(*ages.next().expect("no more readings of the clock"));
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + age
        });
        let assertions = ClientAssertions::new(KeyFile::parse(KEY_JSON).unwrap());
        Assertions(assertions, Issuer::parse("https://auth.example.com").unwrap().into(), clock)
    }

    fn part(assertion: &str, index: usize) -> Value {
        let part = assertion.split('.').nth(index).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    // incidents.md row 20: this signs with a real key.
    #[test]
    fn an_assertion_says_what_zitadel_asks_for() {
        let assertion = assertions_at(&[0]).current().unwrap();
        let header = part(&assertion, 0);
        assert_eq!(header["alg"], "RS256");
        assert_eq!(header["kid"], "340000000000000020");
        let claims = part(&assertion, 1);
        assert_eq!(claims["iss"], "340000000000000010");
        assert_eq!(claims["sub"], "340000000000000010");
        assert_eq!(claims["aud"], "https://auth.example.com");
        assert_eq!(claims["iat"], 1_767_225_590);
        assert_eq!(claims["exp"], 1_767_226_200);
        assert!(claims["jti"].is_string());
    }

    #[test]
    fn one_assertion_is_reused_until_half_its_life_is_over() {
        let assertions = assertions_at(&[0, 299, 300]);
        let first = assertions.current().unwrap();
        assert!(Arc::ptr_eq(&first, &assertions.current().unwrap()));
        assert_ne!(first, assertions.current().unwrap());
    }

    #[test]
    fn a_clock_that_was_set_back_makes_a_new_assertion() {
        let assertions = assertions_at(&[60, 0]);
        assert_ne!(assertions.current().unwrap(), assertions.current().unwrap());
    }

    // incidents.md row 18: no two assertions share a `jti`.
    #[test]
    fn every_assertion_has_a_jti_of_its_own() {
        let assertions = assertions_at(&[0, 300]);
        let [first, second] = [(); 2].map(|()| part(&assertions.current().unwrap(), 1));
        assert_ne!(first["jti"], second["jti"]);
    }

    #[test]
    fn a_refused_assertion_is_replaced_unless_it_is_fresh() {
        let assertions = assertions_at(&[0, 4, 5, 5]);
        let refused = assertions.current().unwrap();
        assert!(!assertions.renew(&refused), "after four seconds");
        assert!(assertions.renew(&refused), "after five seconds");
        assert_ne!(refused, assertions.current().unwrap());
    }

    #[test]
    fn a_refused_assertion_that_somebody_else_replaced_is_worth_another_try() {
        let assertions = assertions_at(&[0, 5, 5, 5]);
        let refused = assertions.current().unwrap();
        assert!(assertions.renew(&refused));
        let replaced = assertions.current().unwrap();
        assert!(assertions.renew(&refused));
        assert_ne!(refused, replaced);
    }
}
