//! Reads and removes the webhook, which ZITADEL calls at events that may change a verdict.

use std::{fs, io};

use adapters::zitadel::management::{
    ActionTarget, EventCondition, Execution, Management, ManagementError,
};
use secrecy::ExposeSecret;

use super::{
    error::SetupError,
    here::{Here, HereError},
    target::Target,
    webhook_url::{KEY_FILE, WebhookUrl},
};

#[derive(Clone, Debug)]
pub(super) struct FoundWebhook {
    /// Webhook's target: the object at ZITADEL with the URL to call. `setup` finds it by the
    /// project's name, ignoring case.
    pub(super) target: Option<ActionTarget>,
    /// All conditions at ZITADEL; each says at which events ZITADEL calls which targets (URLs).
    pub(super) executions: Vec<Execution>,
    pub(super) key: KeyFile,
    pub(super) is_env_right: bool,
}

/// State of the file with the webhook's signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFile {
    Missing,
    /// File that has the signing key of the webhook's target on one of its lines.
    Right,
    Other,
}

/// Reads the state of the webhook; `None` if this administrator may not read webhooks.
pub(super) async fn read(
    management: &Management,
    url: &WebhookUrl,
    Target { project: name, prefix, .. }: &Target,
    here: &Here,
) -> Result<Option<FoundWebhook>, SetupError> {
    let (targets, executions) = match targets_and_executions(management).await {
        Err(ManagementError::Forbidden { .. }) => return Ok(None),
        both => both?,
    };
    let is_ours = |target: &ActionTarget| target.name.to_lowercase() == name.to_lowercase();
    let target = targets.into_iter().find(is_ours);
    let key = match fs::read_to_string(here.directory.join(KEY_FILE)) {
        Ok(text) => {
            let is_key = |target: &ActionTarget| {
                text.lines().any(|line| line.trim() == target.signing_key.expose_secret())
            };
            if target.as_ref().is_some_and(is_key) { KeyFile::Right } else { KeyFile::Other }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => KeyFile::Missing,
        Err(error) => return Err(HereError::Read(KEY_FILE, error).into()),
    };
    let is_env_right = url.variables(prefix, &here.variables).is_empty();
    Ok(Some(FoundWebhook { target, executions, key, is_env_right }))
}

/// Reads all targets (URLs that ZITADEL may call) and all conditions (at which events it calls
/// which targets). Leaves out deleted targets: ZITADEL would refuse to save a condition that lists
/// one.
async fn targets_and_executions(
    management: &Management,
) -> Result<(Vec<ActionTarget>, Vec<Execution>), ManagementError> {
    let targets = management.action_targets().await?;
    let mut executions = management.executions().await?;
    for execution in &mut executions {
        execution.targets.retain(|id| targets.iter().any(|target| target.id == *id));
    }
    Ok((targets, executions))
}

/// Removes the webhook's target `id`, first from every condition that lists it. Deletes such a
/// condition on one event type if ZITADEL calls the same targets without it, by a condition on a
/// group of types or on all.
pub(super) async fn remove(management: &Management, id: &String) -> Result<(), ManagementError> {
    let (_, executions) = targets_and_executions(management).await?;
    for Execution { condition, targets } in executions.iter().filter(|it| it.targets.contains(id)) {
        let without = |targets: &[String]| -> Vec<_> {
            targets.iter().filter(|target| *target != id).cloned().collect()
        };
        let mut rest = without(targets);
        if let EventCondition::Event(event) = condition {
            let others: Vec<_> =
                executions.iter().filter(|it| it.condition != *condition).cloned().collect();
            if rest == without(EventCondition::called_at(&others, event)) {
                rest.clear();
            }
        }
        management.set_execution(condition, &rest).await?;
    }
    management.remove_action_target(id).await
}
