//! Possible cause of a refused token, and its certainty.

/// One possible cause why a token is inactive or denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LikelyCause {
    pub(crate) certainty: Certainty,
    /// One word for the cause, such as `expired`.
    pub(crate) cause: &'static str,
    /// Explanation and remedy, for people.
    pub(crate) text: String,
    /// Part of the field `err` in ZITADEL's log line `oidc introspection` for this cause, if known.
    pub(crate) logged_as: Option<&'static str>,
}

/// Certainty of a cause, ordered from the most certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// Certain cause: it alone explains the refusal.
    Certain,
    /// Likely cause: the evidence points to it.
    Likely,
    /// Possible cause: the evidence does not exclude it.
    Possible,
}

impl Certainty {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }

    pub(crate) fn of(self, cause: &'static str, text: impl Into<String>) -> LikelyCause {
        LikelyCause { certainty: self, cause, text: text.into(), logged_as: None }
    }
}

impl LikelyCause {
    pub(super) fn logged_as(self, err: &'static str) -> Self {
        Self { logged_as: Some(err), ..self }
    }
}
