//! Translates a ZITADEL event into its effect on introspection responses. No I/O.
//!
//! If an event lacks a field of its payload, more responses are forgotten, never fewer.

use domain::{Change, OrganizationId, Role, SessionId, Subject, TokenId};

use super::event::Event;

/// Effect of a ZITADEL event on cached introspection responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Nothing,
    Change(Change),
    /// The event does not name the user whose introspection responses change: this search for an
    /// earlier event finds the user.
    LookUp(LookUp),
}

/// Search for an earlier event that names the user or project of a later one. The search's result
/// never changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum LookUp {
    /// Search for user and project of the grant (role assignment) with this id.
    Grant(Box<str>),
    /// Search for the user of the session with this id.
    Session(Box<str>),
}

/// Interprets events for this API, whose project is `project_id`; `None` if that is not known.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) project_id: Option<Box<str>>,
}

impl Reader {
    pub(super) fn meaning(&self, event: &Event) -> Meaning {
        let id = &*event.key.aggregate_id;
        match &*event.key.event_type {
            // The first token of a session has this event, too: then there is no older one to
            // forget.
            "oidc_session.access_token.added" => {
                changed(SessionId::parse(id).map(Change::Refreshed))
            }
            "oidc_session.access_token.revoked" | "oidc_session.refresh_token.revoked" => {
                changed(SessionId::parse(id).map(Change::Session))
            }
            "user.pat.removed" => match event.payload.token.as_deref().map(TokenId::parse) {
                Some(Ok(token)) => Meaning::Change(Change::Token(token)),
                _ => subject(id),
            },
            "user.grant.added" | "user.grant.removed" => self.grant(event),
            "user.grant.changed" => match &event.payload.user {
                Some(user) => roles_of(user),
                None => Meaning::LookUp(LookUp::Grant(id.into())),
            },
            "user.grant.cascade.changed"
            | "user.grant.cascade.removed"
            | "user.grant.deactivated"
            | "user.grant.reactivated" => Meaning::LookUp(LookUp::Grant(id.into())),
            "session.terminated" => Meaning::LookUp(LookUp::Session(id.into())),
            "project.role.removed" if self.is_ours(Some(id)) => changed(
                Role::parse(event.payload.key.as_deref().unwrap_or_default()).map(Change::Role),
            ),
            "org.removed" => changed(OrganizationId::parse(id).map(Change::Organization)),
            other => self.by_kind(other, id),
        }
    }

    /// Returns the effect of an event by the beginning of `event_type`. `id` is the id of the user,
    /// project or other object that changed.
    fn by_kind(&self, event_type: &str, id: &str) -> Meaning {
        let is_one_of = |kinds: &[&str]| kinds.iter().any(|kind| event_type.starts_with(kind));
        if is_one_of(&OF_A_SUBJECT) {
            subject(id)
        } else if is_one_of(&OF_A_PROJECT) && self.is_ours(Some(id)) || is_one_of(&OF_EVERYTHING) {
            Meaning::Change(Change::Everything)
        } else {
            Meaning::Nothing
        }
    }

    /// Returns the effect of a role assignment's event, by the user and project in its payload.
    pub(super) fn grant(&self, event: &Event) -> Meaning {
        match &event.payload.user {
            _ if !self.is_ours(event.payload.project.as_deref()) => Meaning::Nothing,
            Some(user) => roles_of(user),
            None => Meaning::Change(Change::Everything),
        }
    }

    /// Returns whether `project`, to which an event belongs, may be this API's project: also true
    /// if one of the two is unknown.
    fn is_ours(&self, project: Option<&str>) -> bool {
        match (self.project_id.as_deref(), project) {
            (Some(ours), Some(project)) => ours == project,
            _ => true,
        }
    }
}

/// Prefixes of event types that may change responses about one user, whose id is the event's
/// `aggregate_id`.
const OF_A_SUBJECT: [&str; 20] = [
    "user.locked",
    "user.deactivated",
    "user.removed",
    "user.human.signed.out",
    "user.signed.out",
    "user.token.removed",
    "user.human.refresh.token.removed",
    "user.username.changed",
    "user.domain.claimed",
    "user.human.profile.changed",
    "user.profile.changed",
    "user.machine.changed",
    "user.human.avatar.",
    "user.human.email.changed",
    "user.human.email.verified",
    "user.email.",
    "user.human.phone.",
    "user.phone.",
    "user.metadata.",
    "user.human.address.changed",
];

/// Prefixes of event types that may change every response if the event's project is this API's.
const OF_A_PROJECT: [&str; 9] = [
    "project.deactivated",
    "project.removed",
    "project.grant.changed",
    "project.grant.cascade.changed",
    "project.grant.removed",
    "project.grant.deactivated",
    "project.grant.reactivated",
    "project.application.deactivated",
    "project.application.removed",
];

/// Prefixes of event types that may change any response.
const OF_EVERYTHING: [&str; 7] = [
    "org.changed",
    "org.deactivated",
    "org.domain.primary.set",
    "org.policy.domain.",
    "instance.removed",
    "instance.policy.domain.",
    "group.",
];

fn subject(id: &str) -> Meaning {
    changed(Subject::parse(id).map(Change::Subject))
}

pub(super) fn roles_of(user: &str) -> Meaning {
    changed(Subject::parse(user).map(Change::RolesOf))
}

/// Returns `change`, or `Change::Everything` (any response may have changed) if an id or role in
/// the event could not be parsed.
fn changed<E>(change: Result<Change, E>) -> Meaning {
    Meaning::Change(change.unwrap_or(Change::Everything))
}

#[cfg(test)]
mod tests;
