//! A ZITADEL to try out: prints settings to paste, and serves until it is stopped.

mod play;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use zitadel_double::{TokenForm, ZitadelDouble};

/// A strict stand-in for ZITADEL's discovery, introspection, event log and management API.
#[derive(Debug, Parser)]
#[command(name = "zitadel-double", version)]
struct Options {
    /// Where the instance listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Where the control API listens (loopback only).
    #[arg(long, default_value = "127.0.0.1:8081")]
    control: SocketAddr,

    /// The public origin, when it is not the address that is listened on.
    #[arg(long, value_name = "ORIGIN")]
    issuer: Option<String>,

    /// Writes ZITADEL's key.json to this file and prints a .env for `private_key_jwt`.
    #[arg(long, value_name = "PATH")]
    key_file: Option<PathBuf>,

    /// Writes the personal access token of the administrator to this file, with a line feed, as
    /// ZITADEL's first start does.
    #[arg(long, value_name = "PATH")]
    admin_token_file: Option<PathBuf>,

    /// Form of new opaque tokens.
    #[arg(long, value_enum, default_value_t)]
    tokens: TokenFormName,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum TokenFormName {
    /// Base64url without dots, as until spring 2026.
    #[default]
    Legacy,
    /// A JWE of five parts, as since then.
    Jwe,
}

impl From<TokenFormName> for TokenForm {
    fn from(name: TokenFormName) -> Self {
        match name {
            TokenFormName::Legacy => Self::Legacy,
            TokenFormName::Jwe => Self::Jwe,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            play::complain(&message);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    let builder = ZitadelDouble::builder().listen(options.listen).tokens(options.tokens.into());
    let builder = match &options.issuer {
        Some(issuer) => builder.issuer(issuer).domain("127.0.0.1").domain("localhost"),
        None => builder,
    };
    let double = builder.try_start().await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        let cause = cause.unwrap_or_default();
        format!("{error}{cause} (choose another address with --listen)")
    })?;
    let control = double.serve_control(options.control).map_err(|error| {
        let address = options.control;
        format!("cannot listen on {address}: {error} (choose another address with --control)")
    })?;
    if let Some(path) = &options.admin_token_file {
        play::write_admin_token(&double, path)?;
    }
    play::introduce(&double, control, options.key_file.as_deref())?;
    let end = play::asked_to_end().map_err(|error| format!("cannot wait for signals: {error}"))?;
    play::report_violations_until(end, &double).await;
    Ok(())
}
