//! Permit of a request to a guarded service, and the rules of parts of the service, such as tools.

use std::{any::type_name, fmt, sync::Arc, time::Duration};

use axum::http::HeaderValue;
use domain::{Freshness, Permit, Policy, Principal, Rule, Tick};
use tokio::time::Instant;

use super::{Authorized, Ended, Visit, opened::SharedEnd};
use crate::answer::{Outcome, Rejection};

/// Maximum age at which the verdict that admitted a request is reused for the rules of parts of the
/// service, such as tools.
const YOUNG: Duration = Duration::from_secs(1);

/// Permit (proof of authorization) of a request to a guarded service, in the request's extensions.
/// Cheap to clone.
#[derive(Clone)]
pub struct ServicePermit(Arc<Inner>);

struct Inner {
    visit: Arc<Visit>,
    header: Option<HeaderValue>,
    admitted: Instant,
    principal: Arc<Principal>,
    end: SharedEnd,
    further: Arc<[FurtherRule]>,
}

impl ServicePermit {
    pub(super) fn new<R: Rule>(
        visit: &Arc<Visit>,
        permit: &Permit<R>,
        header: Option<HeaderValue>,
        asked: Option<Tick>,
        further: Arc<[FurtherRule]>,
    ) -> Self {
        let token = permit.token();
        let principal = Arc::clone(&token.principal);
        let end = visit.enter_service(R::POLICY, token, header.clone(), asked);
        let (visit, admitted) = (Arc::clone(visit), Instant::now());
        Self(Arc::new(Inner { visit, header, admitted, principal, end, further }))
    }

    /// Returns the caller whose request was permitted.
    #[must_use]
    pub fn principal(&self) -> &Arc<Principal> {
        &self.0.principal
    }

    /// Applies the rule `R` of a part of the service, such as one tool.
    ///
    /// The rule is applied to the verdict that admitted the request, or to a new verdict if that
    /// verdict is older than a second or not as fresh as `R` demands. A rejection is logged and
    /// counted by its reason, like one before the service.
    ///
    /// # Errors
    /// When the rule is not met, or no verdict can be obtained. When
    /// [`Require::with`](crate::Require::with) has declared no rule with this policy and freshness:
    /// a bug of the program, answered 500.
    pub async fn require<R: Rule>(&self) -> Result<Authorized<R>, Rejection> {
        let Inner { visit, header, admitted, further, .. } = &*self.0;
        let outcome = if further.contains(&(R::POLICY, R::FRESHNESS)) {
            let is_young = admitted.elapsed() <= YOUNG;
            match visit.admit_within(header.as_ref(), is_young).await {
                Ok(permit) => return Ok(Authorized::new(permit, Arc::clone(visit))),
                Err(outcome) => outcome,
            }
        } else {
            let detail = format!("the rule {} is not among with::<...>()", type_name::<R>());
            Outcome::HandlerFailed { detail }
        };
        Err(visit.refuse_within(&outcome, R::POLICY))
    }

    /// Waits until the permit ends, as [`Authorized::ended`] does.
    ///
    /// The guard ends the response's body by itself. Other work, such as a spawned task or an
    /// upgraded connection, must wait for this and stop.
    pub async fn ended(&self) -> Ended {
        self.0.end.clone().await
    }
}

/// Omits the token.
impl fmt::Debug for ServicePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServicePermit").field("principal", self.principal()).finish_non_exhaustive()
    }
}

/// Policy of a rule within a service, and the freshness of verdicts (cached or new) that the rule
/// demands.
pub(crate) type FurtherRule = (&'static Policy, Freshness);

/// Tuple of up to eight rules that parts of a service apply: `(ReadMessages, DeleteMessages)`.
pub trait FurtherRules {
    /// Returns, for each rule in the tuple, its policy and the freshness of verdicts (cached or
    /// new) that the rule demands.
    fn rules() -> Vec<(&'static Policy, Freshness)>;
}

macro_rules! further_rules {
    ($($rule:ident),+) => {
        impl<$($rule: Rule),+> FurtherRules for ($($rule,)+) {
            fn rules() -> Vec<FurtherRule> {
                vec![$(($rule::POLICY, $rule::FRESHNESS)),+]
            }
        }
    };
}

further_rules!(R1);
further_rules!(R1, R2);
further_rules!(R1, R2, R3);
further_rules!(R1, R2, R3, R4);
further_rules!(R1, R2, R3, R4, R5);
further_rules!(R1, R2, R3, R4, R5, R6);
further_rules!(R1, R2, R3, R4, R5, R6, R7);
further_rules!(R1, R2, R3, R4, R5, R6, R7, R8);
