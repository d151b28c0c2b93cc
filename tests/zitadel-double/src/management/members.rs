//! Managers of the instance and of the organization.

use serde_json::Value;

use super::details::{added, changed, listed, only};
use super::lists::object;
use super::permissions::ROLES;
use super::request::{Outcome, Request, text_of};
use super::users;
use crate::event_log::row_of_member;
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::world::{Level, User};

const QUERIES: [&str; 1] = ["userIdQuery"];

/// List of managers: place, required permissions, roles.
pub(super) struct Managers {
    level: Level,
    permissions: &'static str,
    prefix: &'static str,
}

impl Managers {
    pub(super) fn of_instance() -> Self {
        Self { level: Level::Instance, permissions: "iam.member", prefix: "IAM_" }
    }

    pub(super) fn of_org(request: &Request<'_>) -> Self {
        Self { level: Level::Org(request.org()), permissions: "org.member", prefix: "ORG_" }
    }

    fn is_instance(&self) -> bool {
        self.level == Level::Instance
    }

    fn may(&self, request: &Request<'_>, what: &str) -> Result<(), Refusal> {
        request.may(&format!("{}.{what}", self.permissions))
    }

    pub(super) fn add(&self, request: &mut Request<'_>) -> Outcome {
        self.may(request, "write")?;
        let user = UserId::from(request.text("userId"));
        let roles = request.texts("roles");
        let is_role =
            |role: &String| role.starts_with(self.prefix) && ROLES.contains(&role.as_str());
        if roles.is_empty() || !roles.iter().all(is_role) {
            return Err(if self.is_instance() {
                Refusal::invalid("Member is invalid", "INSTANCE-4m0fS")
            } else {
                Refusal::invalid("Errors.Org.MemberInvalid", "Org-4N8es")
            });
        }
        let known = request.world.users.get(&user);
        if !known.is_some_and(User::exists) {
            let id = if self.is_instance() { "INSTA-GSXOn" } else { "ORG-GoXOn" };
            return Err(Refusal::precondition("User could not be found", id));
        }
        if request.world.members.contains_key(&(self.level.clone(), user.clone())) {
            return Err(if self.is_instance() {
                Refusal::exists("Errors.Instance.Member.AlreadyExists", "INSTA-pFDwe")
            } else {
                Refusal::exists("Errors.Org.Member.AlreadyExists", "ORG-poWwe")
            });
        }
        request.world.add_member(self.level.clone(), &user, roles);
        Ok(only(added(request.world)))
    }

    pub(super) fn search(&self, request: &Request<'_>) -> Outcome {
        self.may(request, "read")?;
        let world = &request.world;
        let here = world.members.iter().filter(|((level, user), _)| {
            *level == self.level && request.shows(row_of_member(level.id(), user))
        });
        let all = here.filter_map(|((_, id), roles)| Some((id, roles, world.users.get(id)?)));
        let finds = |name: &str, query: &Value, (id, _, _): &(&UserId, _, _)| match name {
            "userIdQuery" => text_of(query, "userId") == id.as_str(),
            _ => false,
        };
        request.page_of(&QUERIES, all.collect(), finds, |(id, roles, user)| {
            let row = world.log.rows.get(&row_of_member(self.level.id(), id), self.level.id());
            object([
                ("userId", id.as_str().into()),
                ("details", listed(&row)),
                ("roles", roles.clone().into()),
                ("preferredLoginName", user.name.as_str().into()),
                ("email", user.email.as_deref().into()),
                ("displayName", user.display_name().into()),
                ("userType", users::kind(user).into()),
                ("userResourceOwner", user.org.as_str().into()),
            ])
        })
    }

    pub(super) fn remove(&self, request: &mut Request<'_>, user: &str) -> Outcome {
        self.may(request, "delete")?;
        if request.world.remove_member(&self.level, &UserId::from(user)) {
            return Ok(only(changed(request.world)));
        }
        let id = if self.is_instance() { "INSTANCE-D8JxR" } else { "Org-D8JxR" };
        Err(Refusal::not_found("Errors.NotFound", id))
    }
}

/// Lists the caller's permissions; every manager may call it.
pub(super) fn permissions(request: &Request<'_>) -> Value {
    object([("result", request.caller.permissions.clone().into())])
}
