//! Removes what `setup.lock.json` says that `setup` made, and nothing else.

use std::{fs, io, path::Path};

use adapters::zitadel::management::{Management, ManagementError};

use super::{
    Ended, SetupError, confirmed,
    here::Here,
    lock::{self, Lock, Made},
    report::print,
    secret_file,
    wish::Wish,
};

/// One thing to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Removal {
    User { name: String, id: String },
    Application { id: String },
    Project { id: String },
}

pub(super) async fn remove(
    management: &Management,
    wish: &Wish,
    here: &Here,
) -> Result<Ended, SetupError> {
    let Some(mut lock) = here.lock.clone().filter(|lock| lock.domain == wish.domain) else {
        print(&format!("{} has nothing that was made at {}\n", lock::FILE, wish.domain));
        return Ok(Ended::Good);
    };
    let (removals, kept) = plan(management, &lock).await?;
    for removal in &removals {
        print(&format!("  remove  {}\n", shown(removal)));
    }
    for kept in &kept {
        print(&format!("  note    {kept}\n"));
    }
    if removals.is_empty() {
        return Ok(Ended::Good);
    }
    if wish.dry_run {
        return Ok(Ended::Missing);
    }
    if !wish.yes && !confirmed()? {
        return Ok(Ended::Refused);
    }
    for removal in &removals {
        match perform(management, &mut lock, removal).await {
            // It was removed by somebody else.
            Err(ManagementError::Refused { refusal, .. }) if refusal.code == 5 => {}
            other => other?,
        }
        write(&lock)?;
    }
    print("Removed. Files are left where they are; their secrets are worth nothing any more.\n");
    Ok(Ended::Good)
}

/// A project goes only if nothing is in it that is not to go as well.
async fn plan(
    management: &Management,
    lock: &Lock,
) -> Result<(Vec<Removal>, Vec<String>), ManagementError> {
    let (mut removals, mut kept) = (Vec::new(), Vec::new());
    let users = lock.users.iter().filter(|(_, user)| user.made_here);
    removals.extend(
        users.map(|(name, user)| Removal::User { name: name.clone(), id: user.id.clone() }),
    );
    let made = |made: &Option<Made>| made.clone().filter(|made| made.made_here).map(|made| made.id);
    let application = made(&lock.application);
    if let Some(project) = made(&lock.project) {
        let others = others(management, lock, &project, application.as_deref()).await?;
        if others.is_empty() {
            removals.push(Removal::Project { id: project });
            return Ok((removals, kept));
        }
        kept.push(format!("the project {project} is left, for it has {}", others.join(", ")));
    }
    removals.extend(application.map(|id| Removal::Application { id }));
    Ok((removals, kept))
}

/// Says what is in a project that `setup` did not make.
async fn others(
    management: &Management,
    lock: &Lock,
    project: &str,
    application: Option<&str>,
) -> Result<Vec<String>, ManagementError> {
    let mut others = Vec::new();
    for other in management.applications(project).await? {
        if Some(other.id.as_str()) != application {
            others.push(format!("the application {:?}", other.name));
        }
    }
    for role in management.roles(project).await? {
        if !lock.roles.contains(&role) {
            others.push(format!("the role {role:?}"));
        }
    }
    let ours = |id: &String| lock.users.values().any(|user| user.made_here && user.id == *id);
    let granted = management.grants_of_project(project).await?;
    let strangers = granted.iter().filter(|(_, user)| !ours(user)).count();
    if strangers > 0 {
        others.push(format!("{strangers} role assignments of others"));
    }
    Ok(others)
}

async fn perform(
    management: &Management,
    lock: &mut Lock,
    removal: &Removal,
) -> Result<(), ManagementError> {
    match removal {
        Removal::User { name, id } => {
            management.remove_user(id).await?;
            lock.users.remove(name);
        }
        Removal::Application { id } => {
            let project = lock.project.as_ref().map_or("", |project| &project.id);
            management.remove_application(project, id).await?;
            (lock.application, lock.key) = (None, None);
        }
        Removal::Project { id } => {
            management.remove_project(id).await?;
            (lock.project, lock.application, lock.key) = (None, None, None);
            lock.roles.clear();
        }
    }
    Ok(())
}

fn write(lock: &Lock) -> Result<(), SetupError> {
    let file = Path::new(lock::FILE);
    if lock.project.is_none() && lock.application.is_none() && lock.users.is_empty() {
        return match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(secret_file::FileError::Io { file: file.to_owned(), source: error }.into())
            }
            _ => Ok(()),
        };
    }
    Ok(secret_file::write(file, lock.text().as_bytes())?)
}

fn shown(removal: &Removal) -> String {
    match removal {
        Removal::User { name, id } => {
            format!("service user      {name} ({id}), with its token and roles")
        }
        Removal::Application { id } => format!("API application   {id}, with its keys"),
        Removal::Project { id } => format!("project           {id}, with everything in it"),
    }
}
