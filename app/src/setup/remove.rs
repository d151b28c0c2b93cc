//! Removes the objects that `setup` made, as recorded in `setup.lock.json`, and no others.

use std::{fs, io, path::Path};

use adapters::zitadel::management::{Grant, Management, ManagementError};

use super::{
    args::SetupArgs,
    error::SetupError,
    here::Here,
    lock::{self, Lock, ObjectEntry, SecretEntry},
    outcome::SetupOutcome,
    prompt,
    report::print,
    secret_file::{FileError, Readers, prove_writable, write},
    webhook,
};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Removal {
    User { name: String, id: String },
    Token { name: String, user: String, id: String },
    Grant { name: String, user: String, id: String },
    Key { application: String, id: String },
    Application { id: String },
    McpClient { id: String },
    Role { key: String },
    Project { id: String },
    Webhook { id: String },
}

pub(super) async fn remove(
    management: &Management,
    args: &SetupArgs,
    here: &Here,
) -> Result<SetupOutcome, SetupError> {
    let Some(mut lock) = here.lock.clone() else {
        print(&format!("There is no {}: nothing was made here.\n", lock::FILE));
        return Ok(SetupOutcome::Good);
    };
    let organization = management.organization().await?.id;
    if organization != lock.organization {
        return Err(SetupError::OtherOrganization {
            found: lock.organization,
            wanted: organization,
        });
    }
    let (mut removals, kept) = plan(management, &lock).await?;
    // The webhook comes last, since only a manager of the instance may remove it.
    let webhook = lock.webhook.iter().filter(|webhook| webhook.made_here);
    removals.extend(webhook.map(|webhook| Removal::Webhook { id: webhook.id.clone() }));
    for removal in &removals {
        print(&format!("  remove  {}\n", shown(removal)));
    }
    for kept in &kept {
        print(&format!("  note    {kept}\n"));
    }
    if removals.is_empty() {
        print("Nothing is to be removed.\n");
        return Ok(SetupOutcome::Good);
    }
    if args.dry_run {
        return Ok(SetupOutcome::Missing);
    }
    prove_writable(Path::new(lock::FILE), Readers::All)?;
    if !args.yes && !prompt::confirmed()? {
        return Ok(SetupOutcome::Refused);
    }
    let mut all_gone = true;
    for removal in &removals {
        match perform(management, &lock, removal).await {
            // It was removed by other means before.
            Err(error) if error.is_not_found() => {}
            Err(ManagementError::Forbidden { .. })
                if matches!(removal, Removal::Webhook { .. }) =>
            {
                print(
                    "  LEFT    the webhook: only a manager of the instance (IAM_OWNER) may remove it; \
                     let one run the same line here, with a token of theirs\n",
                );
                return Ok(SetupOutcome::Refused);
            }
            // ZITADEL's gateway does not route such a path, encoded or not.
            Err(ManagementError::NoManagementApi { .. }) if matches!(removal, Removal::Role { key } if key.contains('/')) =>
            {
                print(&format!(
                    "  LEFT    {}: ZITADEL's API takes no key with a slash in a path (404): remove it in \
                     the console\n",
                    shown(removal)
                ));
                all_gone = false;
                continue;
            }
            other => other?,
        }
        forget(&mut lock, removal);
        write_or_remove(&lock)?;
    }
    if !all_gone {
        return Ok(SetupOutcome::Refused);
    }
    print("Removed. Files are left where they are; their secrets are worth nothing any more.\n");
    Ok(SetupOutcome::Good)
}

/// Returns the objects to remove at ZITADEL, and notes on objects that stay although `setup` made
/// them: a project with objects that `setup` did not make, and a role that a remaining role
/// assignment contains.
async fn plan(
    management: &Management,
    lock: &Lock,
) -> Result<(Vec<Removal>, Vec<String>), ManagementError> {
    let (mut removals, mut kept) = (Vec::new(), Vec::new());
    for (name, user) in &lock.users {
        let (name, user_id) = (name.clone(), user.id.clone());
        if user.made_here {
            removals.push(Removal::User { name, id: user_id });
            continue;
        }
        if let Some(SecretEntry { id, made_here: true, .. }) = user.token.clone() {
            removals.push(Removal::Token { name: name.clone(), user: user_id.clone(), id });
        }
        if let Some(id) = user.grant.clone() {
            removals.push(Removal::Grant { name, user: user_id, id });
        }
    }
    let Some(project) = &lock.project else { return Ok((removals, kept)) };
    let strangers = strangers(management, lock, &project.id).await?;
    if project.made_here {
        let others = others(management, lock, &project.id, strangers.len()).await?;
        if others.is_empty() {
            removals.push(Removal::Project { id: project.id.clone() });
            return Ok((removals, kept));
        }
        kept.push(format!("the project {} is left, for it has {}", project.id, others.join(", ")));
    }
    if let Some(ObjectEntry { id, made_here: true }) = &lock.mcp_client {
        removals.push(Removal::McpClient { id: id.clone() });
    }
    match (&lock.application, &lock.key) {
        (Some(ObjectEntry { id, made_here: true }), _) => {
            removals.push(Removal::Application { id: id.clone() });
        }
        (Some(application), Some(SecretEntry { id, made_here: true, .. })) => {
            removals.push(Removal::Key { application: application.id.clone(), id: id.clone() });
        }
        _ => {}
    }
    for key in &lock.roles {
        if strangers.iter().any(|grant| grant.roles.contains(key)) {
            kept.push(format!("the role {key:?} is left, for others have it"));
        } else {
            removals.push(Removal::Role { key: key.clone() });
        }
    }
    Ok((removals, kept))
}

/// Returns the project's role assignments that `setup --remove` leaves: `setup` made neither the
/// assignment nor its user.
async fn strangers(
    management: &Management,
    lock: &Lock,
    project: &str,
) -> Result<Vec<Grant>, ManagementError> {
    let goes = |grant: &Grant, user: &String| {
        let mut users = lock.users.values().filter(|locked| locked.id == *user);
        users.any(|locked| locked.made_here || locked.grant.as_ref() == Some(&grant.id))
    };
    let granted = management.grants_of_project(project).await?;
    Ok(granted.into_iter().filter(|(grant, user)| !goes(grant, user)).map(|(it, _)| it).collect())
}

/// Returns descriptions of the project's objects that `setup` did not make; the project stays
/// because of them.
async fn others(
    management: &Management,
    lock: &Lock,
    project: &str,
    strangers: usize,
) -> Result<Vec<String>, ManagementError> {
    let mut others = Vec::new();
    let own = [&lock.application, &lock.mcp_client];
    let is_own = |id: &String| own.into_iter().flatten().any(|it| it.made_here && it.id == *id);
    for other in management.applications(project).await? {
        if !is_own(&other.id) {
            others.push(format!("the application {:?}", other.name));
        }
    }
    for role in management.roles(project).await? {
        if !lock.roles.contains(&role) {
            others.push(format!("the role {role:?}"));
        }
    }
    if strangers > 0 {
        others.push(format!("{strangers} role assignments of others"));
    }
    Ok(others)
}

async fn perform(
    management: &Management,
    lock: &Lock,
    removal: &Removal,
) -> Result<(), ManagementError> {
    let project = lock.project.as_ref().map_or("", |project| &project.id);
    match removal {
        Removal::User { id, .. } => management.remove_user(id).await,
        Removal::Token { user, id, .. } => management.remove_token(user, id).await,
        Removal::Grant { user, id, .. } => management.remove_grant(user, id).await,
        Removal::Key { application, id } => management.remove_key(project, application, id).await,
        Removal::Application { id } | Removal::McpClient { id } => {
            management.remove_application(project, id).await
        }
        Removal::Role { key } => management.remove_role(project, key).await,
        Removal::Project { id } => management.remove_project(id).await,
        Removal::Webhook { id } => webhook::remove(management, id).await,
    }
}

fn forget(lock: &mut Lock, removal: &Removal) {
    match removal {
        Removal::User { name, .. } => drop(lock.users.remove(name)),
        Removal::Token { name, .. } => {
            lock.users.entry(name.clone()).and_modify(|user| user.token = None);
        }
        Removal::Grant { name, .. } => {
            lock.users.entry(name.clone()).and_modify(|user| user.grant = None);
        }
        Removal::Key { .. } => lock.key = None,
        Removal::Application { .. } => (lock.application, lock.key) = (None, None),
        Removal::McpClient { .. } => lock.mcp_client = None,
        Removal::Role { key } => lock.roles.retain(|role| role != key),
        Removal::Project { .. } => {
            (lock.project, lock.application, lock.key) = (None, None, None);
            lock.mcp_client = None;
            lock.roles.clear();
        }
        Removal::Webhook { .. } => lock.webhook = None,
    }
}

/// Writes `setup.lock.json`, or removes it if it records no object that `setup` made.
fn write_or_remove(lock: &Lock) -> Result<(), FileError> {
    let file = Path::new(lock::FILE);
    if lock.has_made() {
        return write(file, lock.text().as_bytes(), Readers::All);
    }
    match fs::remove_file(file) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(FileError::Io { file: file.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn shown(removal: &Removal) -> String {
    match removal {
        Removal::User { name, id } => {
            format!("service user      {name} ({id}), with its token and roles")
        }
        Removal::Token { name, id, .. } => format!("token             {id} of {name}"),
        Removal::Grant { name, id, .. } => format!("role assignment   {id} of {name}"),
        Removal::Key { id, .. } => format!("key               {id}"),
        Removal::Application { id } => format!("API application   {id}, with its keys"),
        Removal::McpClient { id } => format!("MCP client        {id}"),
        Removal::Role { key } => format!("role              {key}"),
        Removal::Project { id } => format!("project           {id}, with everything in it"),
        Removal::Webhook { id } => format!("webhook           {id}, from all events"),
    }
}
