//! Results of `setup`, and their exit statuses.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetupOutcome {
    /// Success: all objects and files exist or, with `--remove`, all objects that `setup` made are
    /// gone.
    Good,
    /// Dry run that found something to do.
    Missing,
    /// Set-up that lacks a secret, which exists at ZITADEL, but not in the working directory.
    Lost,
    /// Plan that `setup` refused, that the operator declined, or that was performed only in part,
    /// as when a step failed.
    Refused,
}

impl SetupOutcome {
    pub(crate) fn exit_status(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Refused => 1,
            Self::Missing => 2,
            Self::Lost => 3,
        }
    }
}
