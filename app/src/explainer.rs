//! Explanations of verdicts and of faults, for ZITADEL or the in-memory fake.

use std::time::SystemTime;

use adapters::zitadel::SettingsSummary;
use domain::{AccessToken, ActiveToken, Denial, Introspection, IntrospectionError};

use crate::{
    advice::{self, Certainty, Finding, LikelyCause, characters},
    config::Auth,
    local_tokens::LocalTokens,
};

/// Kind of introspector in use; the explanations of a verdict or a fault depend on it.
#[derive(Debug)]
pub(crate) enum Explainer {
    Fake,
    /// ZITADEL, with this API's settings for it.
    Zitadel {
        summary: Box<SettingsSummary>,
        /// Environment variable that selects the in-memory fake, such as `APP_INTROSPECTOR`.
        introspector: String,
    },
}

impl Explainer {
    /// Returns the clause that names the introspector in the report of `explain`, such as "the
    /// in-memory fake is asked, and no ZITADEL".
    pub(crate) fn asked(&self) -> String {
        match self {
            Self::Fake => "the in-memory fake is asked, and no ZITADEL".to_owned(),
            Self::Zitadel { summary, .. } => advice::asked(summary),
        }
    }

    /// Returns the usual reasons for an inactive verdict, for the log.
    pub(crate) fn inactive_means(&self) -> String {
        match self {
            Self::Fake => NOT_LOCAL.to_owned(),
            Self::Zitadel { summary, .. } => summary.inactive_means(),
        }
    }

    pub(crate) fn form(&self, token: &AccessToken<'_>, now: SystemTime) -> String {
        match self {
            Self::Fake => format!("of {}", characters(token.expose_secret().len())),
            Self::Zitadel { .. } => advice::token_form::describe(token, now),
        }
    }

    pub(crate) fn fault(&self, fault: &IntrospectionError) -> Finding {
        match self {
            Self::Fake => Finding::new(fault.reason(), fault.to_string(), "try again"),
            Self::Zitadel { summary, .. } => advice::fault::finding(summary, fault),
        }
    }

    /// Returns a note on deactivated organizations and applications, whose tokens ZITADEL leaves
    /// active; `None` for the in-memory fake, or if `auth.organizations` is set.
    pub(crate) fn note(&self, auth: &Auth) -> Option<&'static str> {
        let is_zitadel = matches!(self, Self::Zitadel { .. });
        (is_zitadel && auth.organizations.is_empty()).then_some(
            "ZITADEL leaves tokens active when their user's organization, or the application that \
             they were issued to, is deactivated; auth.organizations lets in those of its list alone",
        )
    }

    /// Returns a warning if this active token shows that `zitadel.project_id` is wrong.
    pub(crate) fn warning(&self, token: &ActiveToken) -> Option<Finding> {
        match self {
            Self::Fake => None,
            Self::Zitadel { summary, .. } => advice::foreign_project(summary, &token.principal),
        }
    }

    /// Returns the likely causes why `token` is denied, most likely first.
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
                vec![Certainty::Certain.of(
                    "local_token",
                    format!(
                        "it is a local token of the in-memory fake, which ZITADEL does not know: \
                         set {introspector}=fake to use it"
                    ),
                )]
            }
            (Self::Zitadel { summary, .. }, Introspection::Inactive) => {
                advice::inactive::causes(summary, token, now)
            }
            (Self::Zitadel { summary, .. }, Introspection::Active(active)) => {
                advice::denied::causes(summary, denial, &active.principal)
            }
        }
    }
}

const NOT_LOCAL: &str = "it is not in the list of local tokens, or stands there as inactive";

fn local(verdict: &Introspection) -> LikelyCause {
    match verdict {
        Introspection::Inactive => Certainty::Certain.of(
            "not_a_local_token",
            format!("{NOT_LOCAL}; a token of ZITADEL means nothing to the fake"),
        ),
        Introspection::Active(_) => Certainty::Certain.of(
            "local_token_says_so",
            "the list of local tokens says so: edit a copy, and name it in fake.tokens",
        ),
    }
}

fn is_built_in(token: &AccessToken<'_>) -> bool {
    LocalTokens::embedded().answers().any(|(known, _)| known == *token)
}
