//! Computes the plan of `setup` from three inputs: what should exist, what exists at ZITADEL, and
//! what the working directory has. Nothing is read or written: the same inputs always give the same
//! plan.

mod application;
mod env;
mod mcp_client;
mod user;
mod webhook;

use adapters::zitadel::management::Project;

use super::{
    args::{AuthMethod, SetupArgs},
    found::Found,
    here::Here,
    lock,
    target::Target,
};

/// Steps to perform, in order, or the reasons to perform none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Problems that only a person can resolve. If there is any, nothing is done.
    pub(super) refused: Vec<String>,
    /// Secrets that exist at ZITADEL, but not in the working directory.
    pub(super) lost: Vec<String>,
    /// True if `lost` names a secret without which the API does not start.
    pub(super) lacks_credentials: bool,
    /// True if this administrator may not read webhooks at ZITADEL, so a manager of the instance
    /// must create this API's.
    pub(super) lacks_webhook: bool,
    /// Remarks for the operator that change no step, such as roles that no rule requires.
    pub(super) notes: Vec<String>,
}

/// One step of a plan. In each variant, a `usize` is the index of a service user in
/// `Target::users`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    CreateProject,
    CreateRoles(Vec<String>),
    CreateApplication,
    CreateKey,
    GenerateSecret,
    WriteEnv,
    CreateMcpClient,
    /// Adds these redirect URIs, and grant types if they are missing, to the existing application
    /// of MCP clients.
    ExtendMcpClient(Vec<String>),
    CreateUser(usize),
    CreateGrant(usize),
    /// Adds roles to a user's role assignment; `roles` has the existing and the new ones.
    ChangeGrant {
        user: usize,
        grant: String,
        roles: Vec<String>,
    },
    CreateToken(usize),
    AddInstanceRole(usize),
    /// Creates the webhook's target at ZITADEL (the object with the URL to call), and writes its
    /// signing key to a file.
    CreateTarget,
    WriteSigningKey,
    SetConditions(Vec<Called>),
    WriteWebhookEnv,
}

/// Event type at which ZITADEL must call the webhook, but does not yet. `others` are the ids of the
/// targets (URLs) that it calls at this event already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) event: &'static str,
    pub(super) others: Vec<String>,
}

impl Plan {
    /// Computes the steps that lead from the present state (`found`, `here`) to `target`, without
    /// those for the webhook, which `Plan::webhook` adds.
    pub(super) fn new(args: &SetupArgs, target: &Target, found: &Found, here: &Here) -> Self {
        let mut plan = Self::default();
        plan.organization(found, here);
        plan.project(target, found, here);
        plan.roles(target, found);
        plan.application(args, target, found, here);
        plan.env(args, target, found, here);
        plan.mcp_client(target, found, here);
        for (place, user) in target.users.iter().enumerate() {
            if let Some(found_user) = found.users.get(place) {
                plan.user(place, user, found_user, args, here);
            }
        }
        plan.rights(args, found);
        plan
    }

    fn refuse(&mut self, why: String) {
        self.refused.push(why);
    }

    fn organization(&mut self, found: &Found, here: &Here) {
        let Some(lock) = &here.lock else { return };
        if lock.organization != found.organization.id {
            self.refuse(format!(
                "{} is of the organization {}: add --org {1}, or run this in another directory",
                lock::FILE,
                lock.organization
            ));
        }
    }

    fn project(&mut self, target: &Target, found: &Found, here: &Here) {
        let locked = here.lock.as_ref().and_then(|lock| lock.project.as_ref());
        match &found.project {
            None => self.steps.push(Step::CreateProject),
            Some(Project { name, id, .. })
                if *name != target.project && locked.is_some_and(|locked| locked.id == *id) =>
            {
                self.refuse(format!(
                    "{} is of the project {name:?} ({id}): use --name {name:?}, or run this in \
                     another directory",
                    lock::FILE
                ));
            }
            Some(Project { name, .. }) if *name != target.project => self.refused.push(format!(
                "a project {name:?} exists, and names are unique without regard to case: use \
                 --name {name:?}, or another name"
            )),
            Some(Project { is_active: false, name, id }) => self.refused.push(format!(
                "the project {name:?} ({id}) is deactivated: reactivate it, or use another --name"
            )),
            Some(_) => {}
        }
    }

    fn roles(&mut self, target: &Target, found: &Found) {
        let is_missing = |role: &&String| !found.roles.contains(*role);
        let missing: Vec<_> = target.roles.iter().filter(is_missing).cloned().collect();
        for user in &target.users {
            let mut unknown = user.roles.iter().filter(is_missing);
            if let Some(role) = unknown.find(|role| !target.roles.contains(role)) {
                self.refuse(format!(
                    "--callers {}: no rule of this API asks for the role {role:?}, and ZITADEL does \
                     not have it",
                    user.name
                ));
            }
        }
        if !missing.is_empty() {
            self.steps.push(Step::CreateRoles(missing));
        }
        let others: Vec<_> =
            found.roles.iter().filter(|role| !target.roles.contains(role)).cloned().collect();
        if !others.is_empty() {
            self.notes
                .push(format!("roles that no rule asks for, left alone: {}", others.join(", ")));
        }
    }

    /// Refuses the plan, except for a dry run, if the administrator lacks a permission that a step
    /// needs.
    fn rights(&mut self, args: &SetupArgs, found: &Found) {
        if args.dry_run {
            return;
        }
        let mut missing: Vec<_> = self
            .steps
            .iter()
            .filter_map(Step::permission)
            .filter(|needed| !found.permissions.iter().any(|permission| permission == needed))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            self.refused.push(format!(
                "the administrator {:?} lacks {}: use a token of a user with the manager role \
                 ORG_OWNER",
                found.administrator,
                missing.join(", ")
            ));
        }
    }
}

impl Step {
    pub(super) fn is_of_webhook(&self) -> bool {
        matches!(
            self,
            Self::CreateTarget
                | Self::WriteSigningKey
                | Self::SetConditions(_)
                | Self::WriteWebhookEnv
        )
    }

    /// Returns the permission that the step needs in the organization, `None` if it needs none
    /// there.
    fn permission(&self) -> Option<&'static str> {
        match self {
            Self::CreateProject => Some("project.create"),
            Self::CreateRoles(_) => Some("project.role.write"),
            Self::CreateApplication
            | Self::CreateKey
            | Self::GenerateSecret
            | Self::CreateMcpClient
            | Self::ExtendMcpClient(_) => Some("project.app.write"),
            Self::CreateUser(_) | Self::CreateToken(_) => Some("user.write"),
            Self::CreateGrant(_) | Self::ChangeGrant { .. } => Some("user.grant.write"),
            Self::WriteEnv
            | Self::AddInstanceRole(_)
            | Self::CreateTarget
            | Self::WriteSigningKey
            | Self::SetConditions(_)
            | Self::WriteWebhookEnv => None,
        }
    }
}

fn shown(auth: AuthMethod) -> &'static str {
    match auth {
        AuthMethod::Basic => "basic",
        AuthMethod::Key => "key",
    }
}

#[cfg(test)]
mod tests;
