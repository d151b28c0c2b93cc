//! Requests to ZITADEL that show whether its settings work, for `app check`.

use std::time::{Duration, SystemTime};

use domain::{AccessToken, Clock, Introspection, IntrospectionError, Outage, TokenIntrospector};
use reqwest::header::{DATE, HeaderMap};
use url::Url;
use uuid::Uuid;

use super::{ZitadelIntrospector, fault::FaultSource, response};

/// Results of the requests by which `app check` tests the settings for ZITADEL.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// Introspection endpoint that the discovery document names; `None` if the endpoint was known
    /// already, so that the document was not requested.
    pub discovery: Option<Result<Url, IntrospectionError>>,
    /// Seconds by which this machine's clock is ahead of ZITADEL's, negative if behind; `None` if
    /// the discovery document was not requested or not accepted, or its response had no time.
    pub clock_ahead_secs: Option<i64>,
    /// Verdict on a random token, which shows that ZITADEL accepts this API's credentials. `None`
    /// if discovery failed: no credentials are sent to a server that may not be ZITADEL.
    pub introspection: Option<Result<Introspection, IntrospectionError>>,
}

impl ZitadelIntrospector {
    /// Requests the discovery document and compares the clocks, unless the introspection endpoint
    /// is known. If that did not fail, introspects a random token with this API's credentials. Each
    /// request has the time limit of one introspection.
    pub async fn check_up(&self, clock: &dyn Clock) -> Checkup {
        let (discovery, clock_ahead_secs) = if self.generations.current().discovery.kept().is_some()
        {
            (None, None)
        } else {
            match self.discover(clock).await {
                Ok((endpoint, ahead)) => (Some(Ok(endpoint)), ahead),
                Err(fault) => (Some(Err(fault)), None),
            }
        };
        let introspection = match discovery {
            Some(Err(_)) => None,
            _ => Some(self.introspect_random().await),
        };
        Checkup { discovery, clock_ahead_secs, introspection }
    }

    async fn discover(&self, clock: &dyn Clock) -> Result<(Url, Option<i64>), IntrospectionError> {
        let generation = self.generations.current();
        let discovery = &generation.discovery;
        let asking = async {
            let http = self.generations.http(&generation).await?;
            let before = clock.now();
            let answer = response::send(discovery.request(http)).await?;
            let clock_ahead = ahead(answer.headers(), before, clock.now());
            Ok((discovery.read(answer).await?, clock_ahead))
        };
        let found = tokio::time::timeout(self.timeout, asking).await.unwrap_or_else(|_| too_late());
        if let Ok((endpoint, _)) = &found {
            discovery.keep(endpoint);
        }
        found
    }

    async fn introspect_random(&self) -> Result<Introspection, IntrospectionError> {
        let token = format!("check-{}", Uuid::new_v4());
        match AccessToken::parse(&token) {
            Ok(token) => self.introspect(&token).await,
            Err(error) => unreachable!("a UUID is of the syntax of tokens: {error}"),
        }
    }
}

pub(super) fn too_late<T>() -> Result<T, IntrospectionError> {
    Err(FaultSource::Timeout.unavailable(Outage::TimedOut))
}

/// Returns the seconds by which this machine's clock is ahead of ZITADEL's, as the header `Date`
/// shows it. ZITADEL is assumed to have written the header half way between `before` and `after`,
/// the times around the request.
fn ahead(headers: &HeaderMap, before: SystemTime, after: SystemTime) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let theirs = httpdate::parse_http_date(date).ok()?;
    let ours = before + after.duration_since(before).unwrap_or_default() / 2;
    // `Date` is cut off to whole seconds: half a second is missing on average.
    let theirs = theirs + Duration::from_millis(500);
    let seconds = |distance: Duration| i64::try_from(distance.as_secs()).unwrap_or(i64::MAX);
    Some(match ours.duration_since(theirs) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead_of(date: &str, ours_secs: u64) -> Option<i64> {
        let headers = HeaderMap::from_iter([(DATE, date.parse().unwrap())]);
        let ours = SystemTime::UNIX_EPOCH + Duration::from_secs(ours_secs);
        ahead(&headers, ours, ours + Duration::from_secs(1))
    }

    // 1767225600 is 2026-01-01T00:00:00Z.
    #[test]
    fn the_distance_of_two_clocks_has_a_sign() {
        let date = "Thu, 01 Jan 2026 00:00:00 GMT";
        assert_eq!(ahead_of(date, 1_767_225_600), Some(0));
        assert_eq!(ahead_of(date, 1_767_225_637), Some(37));
        assert_eq!(ahead_of(date, 1_767_225_563), Some(-37));
        assert_eq!(ahead_of("yesterday", 1_767_225_600), None);
        assert_eq!(ahead(&HeaderMap::new(), SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH), None);
    }
}
