//! Hints for the operator after a failed step of `setup`: secrets that ZITADEL may have created,
//! but that are in no file, and commands that remove them.

use std::path::Path;

use adapters::zitadel::management::{Management, ManagementError};
use tokio::time::{Instant, sleep};

use super::{
    args::SetupArgs,
    error::PerformError,
    failed_call::in_words,
    found::Found,
    lock::Lock,
    plan::Step,
    taken::{PAUSE, VISIBLE_WITHIN},
    target::{READER_ROLE, Target},
};

/// Returns the path of an application's key in ZITADEL's API.
pub(super) fn key(project: &str, application: &str, id: &str) -> String {
    format!("/management/v1/projects/{project}/apps/{application}/keys/{id}")
}

/// Returns the path of a personal access token in ZITADEL's API.
pub(super) fn token(user: &str, id: &str) -> String {
    format!("/management/v1/users/{user}/pats/{id}")
}

/// Returns a shell command for the operator that deletes the object at `path` of ZITADEL's API. The
/// command reads the administrator's token from a file.
pub(super) fn line(args: &SetupArgs, path: &str) -> String {
    call(args, "-X DELETE", path)
}

fn call(args: &SetupArgs, what: &str, path: &str) -> String {
    let file = args.token_file.as_deref().unwrap_or(Path::new("TOKEN_FILE")).display();
    let domain = args.domain.trim_end_matches('/');
    let organization = args.org.as_ref();
    let organization =
        organization.map_or_else(String::new, |id| format!("-H 'x-zitadel-orgid: {id}' "));
    format!(
        "(printf 'Authorization: Bearer '; cat {file}) | curl -fsS -H @- {organization}{what} \
         {domain}{path}"
    )
}

/// Returns hints for the operator after a call of `step` to ZITADEL failed, such as the command
/// that removes a secret which is in no file.
pub(super) async fn after_an_error(
    management: &Management,
    error: &PerformError,
    step: &Step,
    (args, target): (&SetupArgs, &Target),
    (found, lock): (&Found, &Lock),
) -> Vec<String> {
    let mut hints = Vec::new();
    let PerformError::Call(error) = error else { return hints };
    if let (ManagementError::Forbidden { .. }, Step::AddInstanceRole(place)) = (error, step)
        && let Some(user) = user(target, lock, *place)
    {
        let body = format!(
            "-H 'Content-Type: application/json' -d '{{\"userId\":\"{user}\",\"roles\":[\"{READER_ROLE}\"]}}'"
        );
        hints.push(format!(
            "everything else is done. Only a manager of the instance (IAM_OWNER) may give the role \
             {READER_ROLE}: let one run, with a file of their own token,\n  {}",
            call(args, &body, "/admin/v1/members")
        ));
    }
    if error.may_have_taken_effect() {
        match appeared(management, step, target, (found, lock)).await {
            Ok(paths) => hints.extend(paths.iter().map(|path| {
                format!(
                    "a secret was made, and nobody has it: remove it by\n  {}",
                    line(args, path)
                )
            })),
            Err(error) => {
                let error = in_words(&error);
                hints.push(format!("a secret may have been made, and nobody has it: {error}"));
            }
        }
        hints.push(
            "this call may have made something: --remove will leave it, for it may be somebody else's"
                .to_owned(),
        );
    }
    hints
}

/// Returns the API paths of keys or tokens that the failed step may have created: ZITADEL shows
/// them now, and did not before the step. Waits at most `VISIBLE_WITHIN` for one to appear.
async fn appeared(
    management: &Management,
    step: &Step,
    target: &Target,
    (found, lock): (&Found, &Lock),
) -> Result<Vec<String>, ManagementError> {
    let end = Instant::now() + VISIBLE_WITHIN;
    loop {
        let new = match (step, &lock.project, &lock.application) {
            (Step::CreateKey, Some(project), Some(application)) => {
                let (project, application) = (&project.id, &application.id);
                let mut keys = management.keys(project, application).await?;
                keys.retain(|key| !found.keys.iter().any(|old| old.id == key.id));
                keys.iter().map(|new| key(project, application, &new.id)).collect()
            }
            (Step::CreateToken(place), ..) => {
                let Some(user) = user(target, lock, *place) else { return Ok(Vec::new()) };
                let before = found.users.get(*place).map_or(&[][..], |user| &user.tokens);
                let mut tokens = management.tokens(user).await?;
                tokens.retain(|token| !before.iter().any(|old| old.id == token.id));
                tokens.iter().map(|new| token(user, &new.id)).collect()
            }
            _ => return Ok(Vec::new()),
        };
        let new: Vec<_> = new;
        if !new.is_empty() || Instant::now() >= end {
            return Ok(new);
        }
        sleep(PAUSE).await;
    }
}

fn user<'a>(target: &Target, lock: &'a Lock, place: usize) -> Option<&'a str> {
    let name = &target.users.get(place)?.name;
    lock.users.get(name).map(|user| user.id.as_str())
}
