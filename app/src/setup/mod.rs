//! `app setup`: creates this API's objects at ZITADEL, and writes the API's settings.
//!
//! It reads the present state, prints a plan, asks for confirmation, and performs the plan. The
//! roles are those that the route table requires. The command creates nothing twice, changes no
//! secret unless told to, and removes only what it made, as recorded in `setup.lock.json`.

mod args;
mod env_file;
mod error;
mod failed_call;
mod found;
mod here;
mod lock;
mod orphans;
mod outcome;
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

use std::{fs, path::Path};

use adapters::zitadel::{
    IssuerUrl,
    management::{Management, ManagementSettings},
};
use axum_zitadel::Route;

pub(crate) use self::{args::SetupArgs, error::SetupError, outcome::SetupOutcome};
use self::{
    here::{ENV_FILE, KEY_FILE},
    perform::Work,
    plan::{Plan, Step},
    proof::{WITHIN, WITHIN_OF_OLD},
    report::Report,
    secret_file::{FileError, Readers, prove_writable},
    target::Target,
};
use crate::config::{ConnectionSettings, Prefix};

/// Runs `app setup` in the working directory. `table` has the API's routes, with the roles that
/// they require.
pub(crate) async fn setup(
    args: &SetupArgs,
    program: &str,
    prefix: &Prefix,
    table: &[Route],
    as_json: bool,
) -> Result<SetupOutcome, SetupError> {
    let domain: IssuerUrl = args.domain.parse().map_err(SetupError::Domain)?;
    if domain.has_path() {
        return Err(SetupError::Path);
    }
    let args = &SetupArgs { domain: domain.issuer().as_str().to_owned(), ..args.clone() };
    let reach = ConnectionSettings::load_for(prefix)?;
    let target = Target::new(args, program, prefix, table);
    refuse_same_file(args, &target)?;
    let token_files = target.users.iter().map(|user| user.file.clone());
    let here = here::read(Path::new("."), prefix, token_files)?;
    refuse_other_domain(&here, &domain)?;
    let token = prompt::token(args)?;
    let management = Management::new(ManagementSettings {
        domain,
        connect_to: reach.connect_to.clone(),
        root_certificates: reach.root_certificates.clone(),
        token: token.clone(),
        organization: args.org.clone(),
    })?;
    if args.remove {
        return remove::remove(&management, args, &here).await;
    }
    let found = found::read(&management, &target, here.lock.as_ref()).await?;
    let mut plan = Plan::new(args, &target, &found, &here);
    let mut work = Work::new(&management, (args, &target), &found, &here);
    if let Some(url) = &args.webhook {
        let found = webhook::read(&management, url, &target, &here).await?;
        plan.webhook(&target.project, url, found.as_ref(), args.force);
        work.know_webhook(found.as_ref());
    }
    let report = Report { args, target: &target, found: &found, here: &here, plan: &plan, program };
    report.print_plan(as_json);
    if let Some(ended) = without_doing(args, &plan) {
        return Ok(ended);
    }
    let is_new = !plan.steps.is_empty();
    if is_new || args.adopt {
        prove_files(&plan, &target)?;
    }
    if is_new && !args.yes && !prompt::confirmed()? {
        return Ok(SetupOutcome::Refused);
    }
    if args.adopt {
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
                (args, &target),
                (&found, &work.lock),
            );
            report.print_failed(step, &error, &hints.await, as_json);
            return Ok(SetupOutcome::Refused);
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
        return Ok(SetupOutcome::Refused);
    }
    Ok(if plan.lost.is_empty() { SetupOutcome::Good } else { SetupOutcome::Lost })
}

/// Returns the outcome of `setup` if the plan was refused, or for a dry run; `None` if the plan
/// must be performed.
fn without_doing(args: &SetupArgs, plan: &Plan) -> Option<SetupOutcome> {
    if !plan.refused.is_empty() {
        Some(SetupOutcome::Refused)
    } else if !args.dry_run {
        None
    } else if plan.lacks_webhook {
        Some(SetupOutcome::Refused)
    } else if !plan.steps.is_empty() {
        Some(SetupOutcome::Missing)
    } else {
        Some(if plan.lost.is_empty() { SetupOutcome::Good } else { SetupOutcome::Lost })
    }
}

/// Returns an error if `setup` would write a token to the file of another token, such as the
/// administrator's.
fn refuse_same_file(args: &SetupArgs, target: &Target) -> Result<(), SetupError> {
    let whole = |file: &Path| fs::canonicalize(file).unwrap_or(file.to_owned());
    let mut files: Vec<_> = args.token_file.iter().map(|file| whole(file)).collect();
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

/// Checks that every planned file can be written, before anything is created at ZITADEL.
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
