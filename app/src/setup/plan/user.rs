//! Plan for a service user, its roles and its token.

use adapters::zitadel::management::{User, UserKind};

use super::{Plan, Step};
use crate::setup::{
    args::SetupArgs,
    found::FoundUser,
    here::Here,
    target::{READER_ROLE, TargetUser},
};

impl Plan {
    pub(super) fn user(
        &mut self,
        place: usize,
        target: &TargetUser,
        found: &FoundUser,
        args: &SetupArgs,
        here: &Here,
    ) {
        let TargetUser { name, roles, file, reads_events } = target;
        let shown = file.display();
        let is_here = here.token_files.contains(file);
        match &found.user {
            None => {
                self.steps.push(Step::CreateUser(place));
                if !roles.is_empty() {
                    self.steps.push(Step::CreateGrant(place));
                }
            }
            Some(User { name: found, .. }) if found != name => {
                return self.refuse(format!(
                    "a user {found:?} exists, and names are unique without regard to case: use that \
                     name, or another one"
                ));
            }
            Some(User { kind: UserKind::Person, .. }) => {
                return self.refuse(format!(
                    "the user {name:?} is a person, and only service users have personal access \
                     tokens: use another name"
                ));
            }
            Some(User { is_active: false, .. }) => {
                return self.refuse(format!(
                    "the user {name:?} is deactivated or locked: reactivate it, or use another name"
                ));
            }
            Some(_) => self.grant(place, target, found),
        }
        if found.tokens.is_empty() {
            if is_here && !args.force {
                return self.refuse(format!(
                    "{shown}: it is there, and ZITADEL has no token of {name:?} any more: move it \
                     away, or use --force"
                ));
            }
            self.steps.push(Step::CreateToken(place));
        } else if !is_here {
            // The API does not start without the token of the reader.
            self.lacks_credentials |= *reads_events;
            let ids: Vec<_> = found.tokens.iter().map(|token| token.id.as_str()).collect();
            self.lost.push(format!(
                "the user {name:?} has tokens at ZITADEL ({}), and {shown} is not here: copy one here, \
                 or delete them at ZITADEL and run this again",
                ids.join(", ")
            ));
        }
        if *reads_events {
            self.instance_role(place, name, found, is_here);
        }
    }

    fn instance_role(&mut self, place: usize, name: &str, found: &FoundUser, is_here: bool) {
        match &found.instance_roles {
            Some(roles) if roles.is_empty() => self.steps.push(Step::AddInstanceRole(place)),
            Some(roles) if roles.iter().any(|role| role == READER_ROLE) => {}
            // ZITADEL sets all roles of a member at once, and setup must not replace these.
            Some(roles) => self.refuse(format!(
                "the user {name:?} has the manager roles {}: add {READER_ROLE} to them at ZITADEL",
                roles.join(", ")
            )),
            // The proof tests the right with the token itself.
            None if is_here && !found.tokens.is_empty() => self.notes.push(format!(
                "this administrator may not read whether {name:?} has the manager role {READER_ROLE}"
            )),
            None => self.steps.push(Step::AddInstanceRole(place)),
        }
    }

    /// Plans the role assignment of the service user at index `place` of `Target::users`: a new
    /// one, or missing roles in the existing one.
    fn grant(&mut self, place: usize, target: &TargetUser, found: &FoundUser) {
        let Some(grant) = found.grants.first() else {
            if !target.roles.is_empty() {
                self.steps.push(Step::CreateGrant(place));
            }
            return;
        };
        if !grant.is_active {
            return self.refuse(format!(
                "the role assignment of {:?} ({}) is deactivated: reactivate it",
                target.name, grant.id
            ));
        }
        let missing: Vec<_> =
            target.roles.iter().filter(|role| !grant.roles.contains(role)).cloned().collect();
        if !missing.is_empty() {
            let roles = grant.roles.iter().cloned().chain(missing).collect();
            self.steps.push(Step::ChangeGrant { user: place, grant: grant.id.clone(), roles });
        }
    }
}
