//! Possible cause of a refusal, and its certainty.

/// One possible cause why a token is inactive or denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LikelyCause {
    /// Certainty of the cause.
    pub(crate) certainty: Certainty,
    /// One word for the cause.
    pub(crate) cause: &'static str,
    /// Explanation, and remedy.
    pub(crate) text: String,
    /// Part of `err` in ZITADEL's own log line `oidc introspection` in this case, if it is known.
    pub(crate) logged_as: Option<&'static str>,
}

/// Certainty of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// The cause is enough by itself.
    Certain,
    /// Something points to it.
    Likely,
    /// Nothing speaks against it.
    Possible,
}

impl Certainty {
    /// Returns the certainty as one word.
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
