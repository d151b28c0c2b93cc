//! Asks at the terminal for the administrator's token, and for confirmation of the plan.

use std::io::{self, IsTerminal, Write};

use adapters::bounded_file::{self, AT_START};
use domain::AccessToken;

use super::{args::SetupArgs, error::SetupError};

/// Reads the administrator's token from its file, or from the terminal without showing it.
pub(super) fn token(args: &SetupArgs) -> Result<AccessToken<'static>, SetupError> {
    let text = match &args.token_file {
        Some(file) => {
            bounded_file::read_to_string(file, AT_START).map_err(SetupError::TokenFile)?
        }
        None if io::stdin().is_terminal() => {
            rpassword::prompt_password("Token of an administrator (not shown): ")
                .map_err(SetupError::Terminal)?
        }
        None => return Err(SetupError::NoTerminalForToken),
    };
    AccessToken::parse(text.trim()).map(AccessToken::into_owned).map_err(SetupError::Token)
}

pub(super) fn confirmed() -> Result<bool, SetupError> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(SetupError::NoTerminal);
    }
    let mut answer = String::new();
    let asked = io::stderr().write_all(b"Do this? [y/N] ").and_then(|()| io::stderr().flush());
    asked.and_then(|()| stdin.read_line(&mut answer)).map_err(SetupError::Terminal)?;
    let is_confirmed = matches!(answer.trim(), "y" | "Y" | "yes");
    if !is_confirmed {
        io::stderr().write_all(b"Nothing was done.\n").map_err(SetupError::Terminal)?;
    }
    Ok(is_confirmed)
}
