//! Types of events that may change an introspection response, grouped by the claim that changes.
//!
//! Types that only make tokens active again are left out: only active verdicts are cached.

use std::collections::BTreeSet;

use super::{cursor::LogCall, wire::Search};

/// Maximum number of event types in one event search.
const MAX_TYPES: usize = 30;
/// Maximum number of aggregate types (kinds of objects, such as `user`) in one event search.
const MAX_AGGREGATES: usize = 10;
/// Number of events requested per page, the most that ZITADEL sends.
const PAGE: u32 = 1_000;

/// Event type of ZITADEL's log. If `is_needed`, the change feed refuses a server whose list of
/// event types lacks this one.
#[derive(Clone, Copy, Debug)]
struct EventType {
    name: &'static str,
    is_needed: bool,
}

const fn needed(name: &'static str) -> EventType {
    EventType { name, is_needed: true }
}

/// Creates an event type that a server may lack; such a server writes no events of this type.
const fn optional(name: &'static str) -> EventType {
    EventType { name, is_needed: false }
}

/// Event types that are always followed: they change whether a token is active, its user's roles,
/// or a claim that every response has.
const OF_EVERY_ANSWER: &[EventType] = &[
    needed("oidc_session.access_token.added"),
    needed("oidc_session.access_token.revoked"),
    needed("oidc_session.refresh_token.revoked"),
    needed("session.terminated"),
    needed("user.pat.removed"),
    needed("user.locked"),
    needed("user.deactivated"),
    needed("user.removed"),
    needed("user.human.signed.out"),
    optional("user.signed.out"),
    optional("user.token.removed"),
    optional("user.human.refresh.token.removed"),
    needed("user.grant.added"),
    needed("user.grant.changed"),
    needed("user.grant.removed"),
    needed("user.grant.cascade.changed"),
    needed("user.grant.cascade.removed"),
    needed("user.grant.deactivated"),
    needed("user.grant.reactivated"),
    needed("project.role.removed"),
    needed("project.deactivated"),
    needed("project.removed"),
    needed("project.grant.changed"),
    needed("project.grant.cascade.changed"),
    needed("project.grant.removed"),
    needed("project.grant.deactivated"),
    needed("project.grant.reactivated"),
    needed("project.application.deactivated"),
    needed("project.application.removed"),
    needed("org.removed"),
    needed("org.deactivated"),
    needed("org.domain.primary.set"),
    needed("instance.removed"),
    needed("user.username.changed"),
    optional("user.domain.claimed"),
    optional("org.policy.domain.added"),
    optional("org.policy.domain.changed"),
    optional("org.policy.domain.removed"),
    optional("instance.policy.domain.changed"),
];

/// Prefixes of event types about groups of users, which only some versions of ZITADEL have.
const OF_GROUPS: [&str; 3] = ["group.users.", "group.removed", "group.grant."];

const PROFILE: &[EventType] = &[
    needed("user.human.profile.changed"),
    optional("user.profile.changed"),
    needed("user.machine.changed"),
];
const PICTURE: &[EventType] =
    &[needed("user.human.avatar.added"), needed("user.human.avatar.removed")];
const EMAIL: &[EventType] = &[
    needed("user.human.email.changed"),
    needed("user.human.email.verified"),
    optional("user.email.changed"),
    optional("user.email.verified"),
];
const PHONE: &[EventType] = &[
    needed("user.human.phone.changed"),
    needed("user.human.phone.removed"),
    needed("user.human.phone.verified"),
    optional("user.phone.changed"),
    optional("user.phone.removed"),
    optional("user.phone.verified"),
];
const METADATA: &[EventType] = &[
    needed("user.metadata.set"),
    needed("user.metadata.removed"),
    needed("user.metadata.removed.all"),
];
const ORGANIZATION: &[EventType] = &[needed("org.changed")];

/// Returns the event types that change a claim; `None` for an unknown claim, such as one that an
/// Action of ZITADEL adds.
fn of_claim(claim: &str) -> Option<&'static [EventType]> {
    Some(match claim {
        "name" | "given_name" | "family_name" | "nickname" | "gender" | "locale" => PROFILE,
        "picture" => PICTURE,
        "email" | "email_verified" => EMAIL,
        "phone_number" | "phone_number_verified" => PHONE,
        "urn:zitadel:iam:user:metadata" => METADATA,
        "urn:zitadel:iam:user:resourceowner:name" => ORGANIZATION,
        // `OF_EVERY_ANSWER` covers changes of these claims, or they never change for one token.
        "preferred_username"
        | "urn:zitadel:iam:user:resourceowner:primary_domain"
        | "token_type"
        | "iat"
        | "auth_time"
        | "amr"
        | "jti"
        | "act"
        | "urn:zitadel:iam:org:id" => &[],
        _ => return None,
    })
}

pub(super) fn follows(name: &str) -> bool {
    of_claim(name).is_some()
}

/// Event types that one search requests, and the aggregate types (kinds of objects) that have such
/// events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) event_types: Vec<String>,
    pub(super) aggregate_types: Vec<&'static str>,
}

impl Group {
    pub(super) fn search(&self, ask: LogCall) -> Search<'_> {
        let (limit, asc, range) = match ask {
            LogCall::Newest => (1, false, None),
            LogCall::Behind(time) => (PAGE, true, Some(time.into())),
        };
        Search {
            limit,
            asc,
            range,
            aggregate_id: None,
            aggregate_types: self.aggregate_types.clone(),
            event_types: self.event_types.iter().map(String::as_str).collect(),
        }
    }
}

/// Error for an event type that the change feed needs, but that is not in the server's list of
/// event types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the server does not list the event type {0}: this version of ZITADEL cannot be followed by \
     this version of the API"
)]
pub(super) struct Missing(pub(super) &'static str);

/// Returns the event types to follow, in groups that fit one search each: those that are always
/// followed, and those that change one of `claims`.
///
/// # Errors
/// When `listed`, the event types that the server knows, lacks a needed one.
pub(super) fn groups<'a>(
    claims: impl IntoIterator<Item = &'a str>,
    listed: &[String],
) -> Result<Vec<Group>, Missing> {
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    let of_claims = claims.into_iter().filter_map(of_claim).flatten();
    let mut names = Vec::<&str>::new();
    for EventType { name, is_needed } in OF_EVERY_ANSWER.iter().chain(of_claims) {
        match (listed.contains(name), is_needed) {
            (true, _) if !names.contains(name) => names.push(name),
            (false, true) => return Err(Missing(name)),
            _ => {}
        }
    }
    let is_of_group = |name: &str| OF_GROUPS.iter().any(|beginning| name.starts_with(beginning));
    names.extend(listed.iter().filter(|name| is_of_group(name)));
    let mut groups = Vec::<Group>::new();
    for name in names {
        let aggregate = aggregate_of(name);
        let has_room = |group: &Group| {
            group.event_types.len() < MAX_TYPES
                && (group.aggregate_types.contains(&aggregate)
                    || group.aggregate_types.len() < MAX_AGGREGATES)
        };
        if !groups.last().is_some_and(has_room) {
            groups.push(Group::default());
        }
        if let Some(group) = groups.last_mut() {
            group.event_types.push(name.to_owned());
            if !group.aggregate_types.contains(&aggregate) {
                group.aggregate_types.push(aggregate);
            }
        }
    }
    Ok(groups)
}

fn aggregate_of(event_type: &str) -> &'static str {
    if event_type.starts_with("user.grant.") {
        return "usergrant";
    }
    match event_type.split('.').next() {
        Some("oidc_session") => "oidc_session",
        Some("session") => "session",
        Some("project") => "project",
        Some("org") => "org",
        Some("instance") => "instance",
        Some("group") => "group",
        _ => "user",
    }
}

#[cfg(test)]
mod tests;
