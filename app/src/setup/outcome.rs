//! Results of `setup`, and their exit statuses.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetupOutcome {
    /// Success: all objects and files exist, or are removed.
    Good,
    /// Dry run that found something to do.
    Missing,
    /// Loss of a secret: it exists at ZITADEL, but not in the working directory.
    Lost,
    /// Plan that was refused or declined, or could not be performed completely.
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
