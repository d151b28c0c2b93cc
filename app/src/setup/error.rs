//! Errors of `setup`. None contains a token or a secret.

use std::{io, path::PathBuf};

use adapters::zitadel::{AddressError, HttpClientError, management::ManagementError};
use domain::AccessTokenError;
use thiserror::Error;

use super::{
    failed_call::in_words, here::HereError, lock, proof::ProofError, secret_file::FileError,
};
use crate::config::ConfigError;

#[derive(Debug, Error)]
pub(crate) enum SetupError {
    #[error("--domain: {0}")]
    Domain(AddressError),
    #[error("--domain: it must not have a path, only scheme, host and port")]
    Path,
    #[error("--token-file: {0}")]
    TokenFile(io::Error),
    #[error("the administrator's token: {0}")]
    Token(AccessTokenError),
    #[error(
        "there is no terminal to ask for the administrator's token: name a file in --token-file"
    )]
    NoTerminalForToken,
    #[error("there is no terminal to ask at: add --yes, or see what would be done with --dry-run")]
    NoTerminal,
    #[error("the terminal cannot be read: {0}")]
    Terminal(io::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("zitadel.connect_to or zitadel.ca_file: {0}")]
    Client(#[from] HttpClientError),
    #[error("{}", in_words(.0))]
    Call(#[from] ManagementError),
    #[error(transparent)]
    Here(#[from] HereError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Perform(#[from] PerformError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(
        "{file} is for {found}, and --domain is {wanted}: run this in another directory, or move the \
         file away"
    )]
    OtherDomain { file: &'static str, found: String, wanted: String },
    #[error(
        "{file} is of the organization {found}, and this is {wanted}: add --org {found}",
        file = lock::FILE
    )]
    OtherOrganization { found: String, wanted: String },
    #[error("the token of {0:?} would be in {file}, where another token is: use another name", file = .1.display())]
    SameFile(String, PathBuf),
}

/// Reason why a step failed. Earlier steps stay done, and are recorded in `setup.lock.json`.
#[derive(Debug, Error)]
pub(crate) enum PerformError {
    #[error("{}", in_words(.0))]
    Call(#[from] ManagementError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{why}; {secret} was made, and nobody has it: remove it by {line}")]
    Orphan { secret: String, why: String, line: String },
    #[error("{0}")]
    Taken(String),
    #[error("a step before it was not done")]
    Order,
}

impl PerformError {
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Call(ManagementError::Forbidden { .. }))
    }
}
