//! `app setup`: creates this API's objects at ZITADEL, and writes the API's settings.
//!
//! It reads the present state, prints a plan, asks for confirmation, and performs the plan. The
//! roles are those that the route table requires. It creates nothing twice, changes no secret
//! unless told to, and removes only what it made, as recorded in `setup.lock.json`.

mod env_file;
mod failed_call;
mod found;
mod here;
mod lock;
mod orphans;
mod pending;
mod perform;
mod plan;
mod prompt;
mod proof;
mod redirect_uri;
mod remove;
mod report;
mod roles;
mod rows;
mod secret_file;
mod taken;
mod target;
mod variables;
mod webhook;
mod webhook_url;
mod wish;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use adapters::zitadel::{
    AddressError, HttpClientError, IssuerUrl,
    management::{Management, ManagementError, ManagementSettings},
};
use axum_zitadel::Route;
use domain::AccessTokenError;
use thiserror::Error;

pub(crate) use self::wish::Wish;
use self::{
    failed_call::in_words,
    here::{ENV_FILE, HereError, KEY_FILE},
    perform::{PerformError, Work},
    plan::{Plan, Step},
    proof::{ProofError, WITHIN, WITHIN_OF_OLD},
    report::Report,
    secret_file::{FileError, Readers, prove_writable},
    target::Target,
};
use crate::config::{ConfigError, Prefix, Reach};

/// Results of the command that are not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Everything exists.
    Good,
    /// A dry run found something to do.
    Missing,
    /// A secret exists at ZITADEL, but not in the working directory.
    Lost,
    /// The plan was refused, or could not be performed.
    Refused,
}

impl Ended {
    pub(crate) fn exit_status(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Refused => 1,
            Self::Missing => 2,
            Self::Lost => 3,
        }
    }
}

/// Reason why `setup` ended early. It contains no token and no secret.
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

/// Runs the command in the working directory, for the program `program` with the routes `table`.
pub(crate) async fn setup(
    wish: &Wish,
    program: &str,
    prefix: &Prefix,
    table: &[Route],
    as_json: bool,
) -> Result<Ended, SetupError> {
    let domain: IssuerUrl = wish.domain.parse().map_err(SetupError::Domain)?;
    if domain.has_path() {
        return Err(SetupError::Path);
    }
    let wish = &Wish { domain: domain.issuer().as_str().to_owned(), ..wish.clone() };
    let reach = Reach::load_for(prefix)?;
    let target = Target::new(wish, program, prefix, table);
    refuse_same_file(wish, &target)?;
    let token_files = target.users.iter().map(|user| user.file.clone());
    let here = here::read(Path::new("."), prefix, token_files)?;
    refuse_other_domain(&here, &domain)?;
    let token = prompt::token(wish)?;
    let management = Management::new(ManagementSettings {
        domain,
        connect_to: reach.connect_to.clone(),
        root_certificates: reach.root_certificates.clone(),
        token: token.clone(),
        organization: wish.org.clone(),
    })?;
    if wish.remove {
        return remove::remove(&management, wish, &here).await;
    }
    let found = found::read(&management, &target, here.lock.as_ref()).await?;
    let mut plan = Plan::new(wish, &target, &found, &here);
    let mut work = Work::new(&management, (wish, &target), &found, &here);
    if let Some(url) = &wish.webhook {
        let found = webhook::read(&management, url, &target, &here).await?;
        plan.webhook(&target.project, url, found.as_ref(), wish.force);
        work.know_webhook(found.as_ref());
    }
    let report = Report { wish, target: &target, found: &found, here: &here, plan: &plan, program };
    report.print_plan(as_json);
    if let Some(ended) = without_doing(wish, &plan) {
        return Ok(ended);
    }
    let is_new = !plan.steps.is_empty();
    if is_new || wish.adopt {
        prove_files(&plan, &target)?;
    }
    if is_new && !wish.yes && !prompt::confirmed()? {
        return Ok(Ended::Refused);
    }
    if wish.adopt {
        work.adopt()?;
    }
    let mut lacks_webhook = plan.lacks_webhook;
    for step in &plan.steps {
        if lacks_webhook && step.is_of_webhook() {
            continue;
        }
        if let Err(error) = work.perform(step).await {
            if error.is_forbidden() && step.is_of_webhook() {
                lacks_webhook = true;
                continue;
            }
            let hints = orphans::after_an_error(
                &management,
                &error,
                step,
                (wish, &target),
                (&found, &work.lock),
            );
            report.print_failed(step, &error, &hints.await, as_json);
            return Ok(Ended::Refused);
        }
        report.print_done(step, as_json);
    }
    if !plan.lacks_credentials {
        let within = if is_new { WITHIN } else { WITHIN_OF_OLD };
        let proven = proof::prove(&target, &token, within).await?;
        report.print_end(as_json, table, proven, work.mcp_client_id.as_deref());
    }
    if lacks_webhook {
        report.print_pending();
        return Ok(Ended::Refused);
    }
    Ok(if plan.lost.is_empty() { Ended::Good } else { Ended::Lost })
}

/// Returns the result if nothing may be done.
fn without_doing(wish: &Wish, plan: &Plan) -> Option<Ended> {
    if !plan.refused.is_empty() {
        Some(Ended::Refused)
    } else if !wish.dry_run {
        None
    } else if plan.lacks_webhook {
        Some(Ended::Refused)
    } else if !plan.steps.is_empty() {
        Some(Ended::Missing)
    } else {
        Some(if plan.lost.is_empty() { Ended::Good } else { Ended::Lost })
    }
}

/// Refuses two tokens in one file.
fn refuse_same_file(wish: &Wish, target: &Target) -> Result<(), SetupError> {
    let whole = |file: &Path| fs::canonicalize(file).unwrap_or(file.to_owned());
    let mut files: Vec<_> = wish.token_file.iter().map(|file| whole(file)).collect();
    for user in &target.users {
        let file = whole(&user.file);
        if files.contains(&file) {
            return Err(SetupError::SameFile(user.name.clone(), user.file.clone()));
        }
        files.push(file);
    }
    Ok(())
}

fn refuse_other_domain(here: &here::Here, domain: &IssuerUrl) -> Result<(), SetupError> {
    let env = here.variables.get(variables::DOMAIN).map(|found| (ENV_FILE, found));
    let lock = here.lock.as_ref().map(|lock| (lock::FILE, &lock.domain));
    for (file, found) in env.into_iter().chain(lock) {
        if !found.parse::<IssuerUrl>().is_ok_and(|found| found == *domain) {
            let wanted = domain.issuer().as_str().to_owned();
            return Err(SetupError::OtherDomain { file, found: found.clone(), wanted });
        }
    }
    Ok(())
}

/// Checks that every file can be written, before anything is created at ZITADEL.
fn prove_files(plan: &Plan, target: &Target) -> Result<(), FileError> {
    prove_writable(Path::new(lock::FILE), Readers::All)?;
    for step in &plan.steps {
        match step {
            Step::CreateKey => prove_writable(Path::new(KEY_FILE), Readers::Owner)?,
            Step::WriteEnv | Step::WriteWebhookEnv => {
                prove_writable(Path::new(ENV_FILE), Readers::Owner)?;
            }
            Step::CreateTarget | Step::WriteSigningKey => {
                prove_writable(Path::new(webhook_url::KEY_FILE), Readers::Owner)?;
            }
            Step::CreateToken(place) => {
                if let Some(user) = target.users.get(*place) {
                    prove_writable(&user.file, Readers::Owner)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
