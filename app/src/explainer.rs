//! Explains a verdict, by knowledge of the server that gave it.

use std::time::SystemTime;

use adapters::zitadel::{self, Certainty, Finding, LikelyCause, characters};
use domain::{AccessToken, ActiveToken, Denial, Introspection, IntrospectionError};

use crate::{config::Auth, local_tokens::LocalTokens};

/// Explains the answers of an introspector.
#[derive(Debug)]
pub(crate) enum Explainer {
    /// The in-memory fake.
    Fake,
    /// ZITADEL, with the settings of this API.
    Zitadel {
        explainer: Box<zitadel::Explainer>,
        /// Variable that selects the fake.
        introspector: String,
    },
}

impl Explainer {
    /// Returns a clause that names the server asked.
    pub(crate) fn asked(&self) -> String {
        match self {
            Self::Fake => "the in-memory fake is asked, and no ZITADEL".to_owned(),
            Self::Zitadel { explainer, .. } => explainer.set_up(),
        }
    }

    /// Returns the reasons for which a token may be called inactive, for the log.
    pub(crate) fn inactive_means(&self) -> String {
        match self {
            Self::Fake => NOT_LOCAL.to_owned(),
            Self::Zitadel { explainer, .. } => explainer.what_inactive_means(),
        }
    }

    pub(crate) fn form(&self, token: &AccessToken<'_>, now: SystemTime) -> String {
        match self {
            Self::Fake => format!("of {}", characters(token.expose_secret().len())),
            Self::Zitadel { explainer, .. } => explainer.form(token, now),
        }
    }

    pub(crate) fn fault(&self, fault: &IntrospectionError) -> Finding {
        match self {
            Self::Fake => Finding {
                reason: fault.reason(),
                found: fault.to_string(),
                advice: "try again".to_owned(),
            },
            Self::Zitadel { explainer, .. } => explainer.fault(fault),
        }
    }

    /// Returns a note on tokens that ZITADEL leaves active and an operator may not expect.
    pub(crate) fn note(&self, auth: &Auth) -> Option<&'static str> {
        let is_zitadel = matches!(self, Self::Zitadel { .. });
        (is_zitadel && auth.organizations.is_empty()).then_some(
            "ZITADEL leaves tokens active when their user's organization, or the application that \
             they were issued to, is deactivated; auth.organizations lets in those of its list alone",
        )
    }

    /// Returns a fault of the configuration that an active token shows.
    pub(crate) fn warning(&self, token: &ActiveToken) -> Option<Finding> {
        match self {
            Self::Fake => None,
            Self::Zitadel { explainer, .. } => explainer.foreign_project(&token.principal),
        }
    }

    /// Returns the likely causes of a denial, most likely first.
    pub(crate) fn causes(
        &self,
        denial: &Denial,
        verdict: &Introspection,
        token: &AccessToken<'_>,
        now: SystemTime,
    ) -> Vec<LikelyCause> {
        match (self, verdict) {
            (Self::Fake, verdict) => vec![local(verdict)],
            (Self::Zitadel { introspector, .. }, Introspection::Inactive) if is_built_in(token) => {
                vec![LikelyCause {
                    certainty: Certainty::Certain,
                    cause: "local_token",
                    text: format!(
                        "it is a local token of the in-memory fake, which ZITADEL does not know: \
                         set {introspector}=fake to use it"
                    ),
                    logged_as: None,
                }]
            }
            (Self::Zitadel { explainer, .. }, Introspection::Inactive) => {
                explainer.inactive(token, now)
            }
            (Self::Zitadel { explainer, .. }, Introspection::Active(active)) => {
                explainer.denied(denial, &active.principal)
            }
        }
    }
}

const NOT_LOCAL: &str = "it is not in the list of local tokens, or stands there as inactive";

fn local(verdict: &Introspection) -> LikelyCause {
    let (cause, text) = match verdict {
        Introspection::Inactive => (
            "not_a_local_token",
            format!("{NOT_LOCAL}; a token of ZITADEL means nothing to the fake"),
        ),
        Introspection::Active(_) => (
            "local_token_says_so",
            "the list of local tokens says so: edit a copy, and name it in fake.tokens".to_owned(),
        ),
    };
    LikelyCause { certainty: Certainty::Certain, cause, text, logged_as: None }
}

fn is_built_in(token: &AccessToken<'_>) -> bool {
    LocalTokens::embedded().answers().any(|(known, _)| known == *token)
}
