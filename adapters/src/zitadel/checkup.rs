//! Checks at ZITADEL, step by step, whether this set-up works.

use std::time::{Duration, SystemTime};

use domain::{AccessToken, Clock, Introspection, IntrospectionError, Outage, TokenIntrospector};
use reqwest::header::{DATE, HeaderMap};
use uuid::Uuid;

use super::{Explainer, Finding, ZitadelIntrospector, fault::Seen, response};

/// Largest difference at which two clocks agree, in seconds.
const MAX_CLOCK_OFFSET_SECS: u64 = 5;

/// Result of a checkup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkup {
    /// Steps in order. After one that failed the others are skipped.
    pub steps: Vec<Step>,
    /// Seconds by which this machine's clock is ahead of ZITADEL's, if ZITADEL sent the time.
    pub clock_ahead_secs: Option<i64>,
}

/// One step of a checkup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name of the step.
    pub name: &'static str,
    /// Outcome of the step.
    pub outcome: Outcome,
    /// One word for the problem, if there is one.
    pub reason: Option<&'static str>,
    /// Description of what was found.
    pub found: String,
    /// Remedy, if there is something to do.
    pub advice: Option<String>,
}

/// Outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Ok,
    /// It works, but needs attention.
    Warning,
    /// It does not work.
    Failed,
    /// It was not tried.
    Skipped,
}

impl Outcome {
    /// Returns the outcome as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Step {
    /// Creates a step at which all is well.
    #[must_use]
    pub fn ok(name: &'static str, found: String) -> Self {
        Self { name, outcome: Outcome::Ok, reason: None, found, advice: None }
    }

    /// Creates a step at which all is well, with something to do besides.
    pub(super) fn advised(name: &'static str, found: String, advice: String) -> Self {
        Self { advice: Some(advice), ..Self::ok(name, found) }
    }

    /// Creates a step that needs attention.
    #[must_use]
    pub fn warning(name: &'static str, finding: Finding) -> Self {
        Self { outcome: Outcome::Warning, ..Self::failed(name, finding) }
    }

    pub(super) fn failed(name: &'static str, Finding { reason, found, advice }: Finding) -> Self {
        let (reason, advice) = (Some(reason), Some(advice));
        Self { name, outcome: Outcome::Failed, reason, found, advice }
    }

    pub(super) fn skipped(name: &'static str, why: &str) -> Self {
        Self { outcome: Outcome::Skipped, ..Self::ok(name, why.to_owned()) }
    }
}

const DISCOVERY: &str = "discovery";
const CLOCK: &str = "clock";
const INTROSPECTION: &str = "introspection";

impl ZitadelIntrospector {
    /// Asks for the discovery document, compares the clocks, and introspects a random token with
    /// this API's own credentials, each within the timeout of one question.
    pub async fn check_up(&self, explainer: &Explainer, clock: &dyn Clock) -> Checkup {
        if self.generations.current().discovery.known().is_some() {
            let why = "zitadel.introspection_endpoint is set: discovery is not asked";
            let skipped = [Step::skipped(DISCOVERY, why), Step::skipped(CLOCK, why)];
            let introspection = self.check_introspection(explainer).await;
            let steps = skipped.into_iter().chain([introspection]).collect();
            return Checkup { steps, clock_ahead_secs: None };
        }
        let (discovery, clock_ahead) = self.check_discovery(explainer, clock).await;
        let goes_on = discovery.outcome == Outcome::Ok;
        if !goes_on {
            // The server that answered, if any did, need not be ZITADEL.
            let skipped = |name| Step::skipped(name, "it needs discovery");
            let steps = vec![discovery, skipped(CLOCK), skipped(INTROSPECTION)];
            return Checkup { steps, clock_ahead_secs: None };
        }
        let introspection = self.check_introspection(explainer).await;
        let steps = vec![discovery, clock_step(clock_ahead), introspection];
        Checkup { steps, clock_ahead_secs: clock_ahead }
    }

    async fn check_discovery(
        &self,
        explainer: &Explainer,
        clock: &dyn Clock,
    ) -> (Step, Option<i64>) {
        let mut clock_ahead = None;
        let generation = self.generations.current();
        let discovery = &generation.discovery;
        let asking = async {
            let http = self.generations.http(&generation).await?;
            let before = clock.now();
            let answer = response::send(discovery.request(http)).await?;
            clock_ahead = ahead(answer.headers(), before, clock.now());
            discovery.read(answer).await
        };
        let endpoint =
            tokio::time::timeout(self.timeout, asking).await.unwrap_or_else(|_| too_late());
        let step = match endpoint {
            Ok(endpoint) => {
                discovery.keep(&endpoint);
                Step::ok(DISCOVERY, format!("the introspection endpoint is {endpoint}"))
            }
            Err(fault) => Step::failed(DISCOVERY, explainer.fault(&fault)),
        };
        (step, clock_ahead)
    }

    async fn check_introspection(&self, explainer: &Explainer) -> Step {
        let token = format!("check-{}", Uuid::new_v4());
        let answer = match AccessToken::parse(&token) {
            Ok(token) => self.introspect(&token).await,
            Err(error) => unreachable!("a UUID is of the syntax of tokens: {error}"),
        };
        match answer {
            Ok(Introspection::Inactive) => Step::ok(
                INTROSPECTION,
                "our credentials are accepted, and a random token is called inactive".to_owned(),
            ),
            Ok(Introspection::Active(_)) => Step::failed(
                INTROSPECTION,
                Finding {
                    reason: "every_token_active",
                    found: "a random token is called active".to_owned(),
                    advice: "whatever answers there must not be relied on: find out what it is"
                        .to_owned(),
                },
            ),
            Err(fault) => Step::failed(INTROSPECTION, explainer.fault(&fault)),
        }
    }
}

pub(super) fn too_late<T>() -> Result<T, IntrospectionError> {
    Err(Seen::Timeout.unavailable(Outage::TimedOut))
}

/// Returns the seconds by which our clock is ahead of `Date`. The server is taken to have read its
/// clock half way between `before` and `after`.
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

fn clock_step(ahead: Option<i64>) -> Step {
    let Some(ahead) = ahead else {
        return Step::skipped(CLOCK, "no answer told the time");
    };
    if ahead.unsigned_abs() <= MAX_CLOCK_OFFSET_SECS {
        let found = "this machine's clock agrees with ZITADEL's".to_owned();
        return Step::ok(CLOCK, found);
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    Step::warning(
        CLOCK,
        Finding {
            reason: "clock_differs",
            found: format!(
                "this machine's clock is {} {direction} ZITADEL's",
                humantime::format_duration(Duration::from_secs(ahead.unsigned_abs()))
            ),
            advice: "set it, by NTP: exp and nbf of tokens are judged by it, and ZITADEL refuses \
                     assertions of private_key_jwt that are from the future or too old"
                .to_owned(),
        },
    )
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

    #[test]
    fn a_clock_is_worth_a_warning_from_six_seconds_on() {
        for (ahead, outcome) in [
            (Some(5), Outcome::Ok),
            (Some(-5), Outcome::Ok),
            (Some(6), Outcome::Warning),
            (Some(-6), Outcome::Warning),
            (None, Outcome::Skipped),
        ] {
            assert_eq!(clock_step(ahead).outcome, outcome, "{ahead:?}");
        }
        assert!(clock_step(Some(-6)).found.ends_with("6s behind ZITADEL's"));
    }
}
