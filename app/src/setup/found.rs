//! Objects that exist at ZITADEL, as far as they matter to `setup`.

use adapters::{
    SystemClock,
    zitadel::management::{
        Application, ApplicationKind, Grant, Key, Management, ManagementError, Organization,
        PersonalAccessToken, Project, User,
    },
};
use domain::Clock;

use super::{
    lock::{Lock, LockedUser, ObjectEntry},
    target::{Target, TargetClient},
};

#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) organization: Organization,
    /// Name of the administrator whose token `setup` uses; for messages only.
    pub(super) administrator: String,
    pub(super) permissions: Vec<String>,
    /// Project with the id in `setup.lock.json`, or else with the requested name, ignoring case.
    pub(super) project: Option<Project>,
    pub(super) roles: Vec<String>,
    /// Application of the API: the one with the id in `setup.lock.json`, or else with its name.
    pub(super) application: Option<Application>,
    /// Keys of the application that have not expired.
    pub(super) keys: Vec<Key>,
    /// Application of MCP clients, if requested: the one with the id in `setup.lock.json`, or else
    /// with its name.
    pub(super) mcp_client: Option<Application>,
    /// Present state at ZITADEL of the users in `Target::users`, in the same order.
    pub(super) users: Vec<FoundUser>,
}

/// Service user at ZITADEL with its role assignments and tokens. All fields are empty if no user
/// has the requested name (ignoring case).
#[derive(Clone, Debug, Default)]
pub(super) struct FoundUser {
    pub(super) user: Option<User>,
    pub(super) grants: Vec<Grant>,
    /// Personal access tokens of the service user that have not expired.
    pub(super) tokens: Vec<PersonalAccessToken>,
    /// Roles of the user as a manager of the ZITADEL instance, such as `IAM_OWNER_VIEWER`. `None`
    /// if there is no user, or the administrator may not read them.
    pub(super) instance_roles: Option<Vec<String>>,
}

impl Found {
    pub(super) fn mcp_client_id(&self) -> Option<&str> {
        match &self.mcp_client.as_ref()?.kind {
            ApplicationKind::Native(native) => Some(&native.client_id),
            _ => None,
        }
    }

    /// Updates `lock`, the content of `setup.lock.json`, to the objects that exist at ZITADEL. An
    /// object with a new id counts as not made by `setup`. If a project, application or user has
    /// gone or has a new id, the entries of objects inside it, such as roles, are removed.
    pub(super) fn record(&self, lock: &mut Lock, domain: &str, target: &Target) {
        domain.clone_into(&mut lock.domain);
        lock.organization.clone_from(&self.organization.id);
        let found = |id: &String| ObjectEntry { id: id.clone(), made_here: false };
        let is_other = |made: &Option<ObjectEntry>, id: Option<&String>| {
            made.as_ref().map(|made| &made.id) != id
        };
        let project = self.project.as_ref().map(|project| &project.id);
        if is_other(&lock.project, project) {
            lock.project = project.map(found);
            lock.roles.clear();
            lock.mcp_client = None;
            lock.users.values_mut().for_each(|user| user.grant = None);
        }
        let application = self.application.as_ref().map(|application| &application.id);
        if is_other(&lock.application, application) {
            lock.application = application.map(found);
            lock.key = None;
        }
        let mcp_client = self.mcp_client.as_ref().map(|application| &application.id);
        if target.mcp_client.is_some() && is_other(&lock.mcp_client, mcp_client) {
            lock.mcp_client = mcp_client.map(found);
        }
        for (user, found) in target.users.iter().zip(&self.users) {
            match found.user.as_ref().map(|user| user.id.clone()) {
                None => drop(lock.users.remove(&user.name)),
                Some(id) if lock.users.get(&user.name).is_some_and(|locked| locked.id == id) => {}
                Some(id) => {
                    let locked = LockedUser { id, made_here: false, grant: None, token: None };
                    lock.users.insert(user.name.clone(), locked);
                }
            }
        }
    }
}

/// Reads the present state at ZITADEL of the objects in `target`.
pub(super) async fn read(
    management: &Management,
    target: &Target,
    lock: Option<&Lock>,
) -> Result<Found, ManagementError> {
    let organization = management.organization().await?;
    let administrator = match management.own_name().await {
        // The name is only for display.
        Err(ManagementError::NoManagementApi { .. }) => "an administrator".to_owned(),
        name => name?,
    };
    let permissions = management.permissions().await?;
    let project = read_project(management, target, lock).await?;
    let mut found = Found {
        organization,
        administrator,
        permissions,
        roles: Vec::new(),
        application: None,
        keys: Vec::new(),
        mcp_client: None,
        users: Vec::new(),
        project,
    };
    if let Some(project) = found.project.as_ref().map(|project| project.id.clone()) {
        found.roles = management.roles(&project).await?;
        let locked = lock.and_then(|lock| lock.application.as_ref());
        let name = &target.application;
        found.application = read_application(management, &project, name, locked).await?;
        if let Some(application) = &found.application {
            found.keys = management.keys(&project, &application.id).await?;
            found.keys.retain(|key| is_live(&key.expires));
        }
        if let Some(TargetClient { name, .. }) = &target.mcp_client {
            let locked = lock.and_then(|lock| lock.mcp_client.as_ref());
            found.mcp_client = read_application(management, &project, name, locked).await?;
        }
    }
    for user in &target.users {
        let project = found.project.as_ref();
        found.users.push(read_user(management, &user.name, project, user.reads_events).await?);
    }
    Ok(found)
}

/// Reads this API's project. It is found by its id in `setup.lock.json` even after a rename.
async fn read_project(
    management: &Management,
    target: &Target,
    lock: Option<&Lock>,
) -> Result<Option<Project>, ManagementError> {
    let mut named = management.projects_named(&target.project).await?;
    if let Some(ObjectEntry { id, .. }) = lock.and_then(|lock| lock.project.as_ref())
        && !named.iter().any(|project| project.id == *id)
    {
        let mut all = management.projects().await?;
        all.retain(|project| project.id == *id);
        named.splice(..0, all);
    }
    Ok(named.into_iter().next())
}

async fn read_application(
    management: &Management,
    project: &str,
    name: &str,
    locked: Option<&ObjectEntry>,
) -> Result<Option<Application>, ManagementError> {
    let mut named = management.applications_named(project, name).await?;
    if let Some(ObjectEntry { id, .. }) = locked
        && !named.iter().any(|application| application.id == *id)
    {
        let mut all = management.applications(project).await?;
        all.retain(|application| application.id == *id);
        named.splice(..0, all);
    }
    Ok(named.into_iter().next())
}

async fn read_user(
    management: &Management,
    name: &str,
    project: Option<&Project>,
    reads_events: bool,
) -> Result<FoundUser, ManagementError> {
    let Some(user) = management.users_named(name).await?.into_iter().next() else {
        return Ok(FoundUser::default());
    };
    let grants = match project {
        Some(project) => management.grants(&user.id, &project.id).await?,
        None => Vec::new(),
    };
    let mut tokens = management.tokens(&user.id).await?;
    tokens.retain(|token| is_live(&token.expires));
    let instance_roles = if reads_events {
        match management.instance_roles(&user.id).await {
            Err(ManagementError::Forbidden { .. }) => None,
            roles => Some(roles?),
        }
    } else {
        Some(Vec::new())
    };
    Ok(FoundUser { user: Some(user), grants, tokens, instance_roles })
}

/// Returns whether the time `expires` is in the future, or cannot be read.
fn is_live(expires: &str) -> bool {
    humantime::parse_rfc3339(expires).map_or(true, |expires| expires > SystemClock.now())
}
