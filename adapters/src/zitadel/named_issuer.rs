//! Issuer as ZITADEL's metadata spell it; the setting `zitadel.domain` may differ, as in a final
//! `/`.

use std::{
    iter::successors,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::{IntrospectionError, Issuer, Outage};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::{ZitadelIntrospector, fault::FaultSource, generation::Generations, pace::Pace};

/// Time between the first two attempts to read ZITADEL's metadata.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Maximum time between two attempts to read ZITADEL's metadata, and time limit of one attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Issuer as ZITADEL's metadata spell it; until the metadata are read, the domain in the settings.
/// Clones share one value.
///
/// ZITADEL compares `aud` of a client assertion byte for byte. Behind a proxy that adds `:443` to
/// the host, an assertion for the configured domain would be refused.
#[derive(Clone, Debug)]
pub struct NamedIssuer(Arc<RwLock<Named>>);

#[derive(Debug)]
struct Named {
    issuer: Issuer,
    spelled: Option<Arc<str>>,
}

impl NamedIssuer {
    /// Returns the issuer as ZITADEL's metadata spell it, including a final `/`; until the metadata
    /// are read, the domain in the settings. Clients refuse an issuer that differs in one byte (RFC
    /// 9728 §3.3, RFC 8414 §3.3).
    #[must_use]
    pub fn as_spelled(&self) -> Arc<str> {
        let named = self.0.read().unwrap_or_else(PoisonError::into_inner);
        named.spelled.as_ref().map_or_else(|| named.issuer.as_str().into(), Arc::clone)
    }

    /// Returns the issuer without a final `/`, for the claim `aud` of the JWT by which this API
    /// authenticates at ZITADEL.
    pub(super) fn get(&self) -> Issuer {
        self.0.read().unwrap_or_else(PoisonError::into_inner).issuer.clone()
    }

    /// Sets the issuer to `text`, as it stands in ZITADEL's metadata. Ignores a `text` that is
    /// empty or only `/`.
    pub(super) fn spell(&self, text: &str) {
        let Ok(issuer) = Issuer::parse(text) else { return };
        let named = Named { issuer, spelled: Some(text.into()) };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = named;
    }

    fn is_spelled(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).spelled.is_some()
    }
}

/// Requests ZITADEL's metadata repeatedly, until this function or an introspection has read them,
/// or `introspector` is dropped. Introspections use the endpoint in the metadata read by this
/// function.
pub(super) fn learn(introspector: &ZitadelIntrospector) -> impl Future<Output = ()> + Send + use<> {
    let (generations, pace) = introspector.shared();
    let patience = introspector.timeout.min(LONGEST_WAIT);
    let named = generations.domain().named().clone();
    let used = Arc::downgrade(&generations);
    async move {
        let (mut waits, mut is_told) = (waits(), false);
        while !named.is_spelled() {
            let Some(generations) = used.upgrade() else { return };
            let fault = ask(&generations, &pace, patience).await.err();
            drop(generations);
            if let (Some(fault), false) = (fault, is_told) {
                let reason = fault.reason();
                warn!(reason, "the issuer is told as zitadel.domain spells it: no metadata yet");
                is_told = true;
            }
            sleep(waits.next().unwrap_or(LONGEST_WAIT)).await;
        }
        if is_told {
            info!(issuer = &*named.as_spelled(), "the issuer is told as ZITADEL spells it");
        }
    }
}

fn waits() -> impl Iterator<Item = Duration> {
    successors(Some(FIRST_WAIT), |last| Some(LONGEST_WAIT.min(*last * 2)))
}

async fn ask(
    generations: &Arc<Generations>,
    pace: &Pace,
    patience: Duration,
) -> Result<(), IntrospectionError> {
    let generation = generations.current();
    let before = generation.begin();
    let asking = async {
        let http = generations.http(&generation).await?;
        generation.discovery.endpoint(http, pace).await.map(drop)
    };
    let answer = timeout(patience, asking)
        .await
        .unwrap_or_else(|_| Err(FaultSource::Timeout.unavailable(Outage::TimedOut)));
    let outage = match &answer {
        Err(IntrospectionError::Unavailable { reason, .. }) => Some(*reason),
        _ => None,
    };
    generations.heed_outage(&generation, before, outage);
    answer
}

impl From<&Issuer> for NamedIssuer {
    fn from(issuer: &Issuer) -> Self {
        issuer.clone().into()
    }
}

impl From<Issuer> for NamedIssuer {
    fn from(issuer: Issuer) -> Self {
        Self(Arc::new(RwLock::new(Named { issuer, spelled: None })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_asked_for_ever_less_often() {
        let waits: Vec<_> = waits().take(8).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn an_issuer_is_told_byte_for_byte_and_has_no_slash_in_an_assertion() {
        let issuer = Issuer::parse("https://auth.example.com").unwrap();
        let named = NamedIssuer::from(&issuer);
        assert_eq!(&*named.as_spelled(), "https://auth.example.com");
        for spelled in ["https://auth.example.com/", "https://auth.example.com:443", "HTTPS://a/"] {
            named.spell(spelled);
            assert_eq!(&*named.as_spelled(), spelled);
            assert_eq!(named.get(), Issuer::parse(spelled).unwrap());
        }
        named.spell("");
        assert_eq!(&*named.as_spelled(), "HTTPS://a/");
    }
}
