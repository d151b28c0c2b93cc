//! The roles that an API asks for, read from its route table.

use std::collections::BTreeSet;

use axum_zitadel::{Access, Route};
use domain::Policy;

/// Returns the key of every role in any policy of the table, sorted.
pub(super) fn roles(table: &[Route]) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for policy in table.iter().filter_map(policy) {
        collect(policy, &mut keys);
    }
    keys.into_iter().map(str::to_owned).collect()
}

/// Returns a path that a caller with these roles may get, and no stranger.
pub(super) fn open_to<'a>(table: &'a [Route], held: &[String]) -> Option<&'a str> {
    let is_open = |route: &&Route| {
        let asks = |policy: &'static Policy| {
            let mut keys = BTreeSet::new();
            collect(policy, &mut keys);
            !keys.is_empty() && keys.iter().all(|key| held.iter().any(|held| held == key))
        };
        let is_plain = route.shown_method() == "GET" && !route.path.contains('{');
        is_plain && matches!(route.access, Access::Guarded(policy) if asks(policy))
    };
    table.iter().find(is_open).map(|route| route.path)
}

/// Returns the keys of the roles that one route asks for.
pub(super) fn of(route: &Route) -> Vec<String> {
    roles(std::slice::from_ref(route))
}

fn policy(route: &Route) -> Option<&'static Policy> {
    match route.access {
        Access::Public => None,
        Access::Optional(policy) | Access::Guarded(policy) => Some(policy),
    }
}

fn collect(policy: &'static Policy, keys: &mut BTreeSet<&'static str>) {
    match policy {
        Policy::Role(role) | Policy::RoleIn { role, .. } => {
            keys.insert(role.as_str());
        }
        Policy::AnyOf(policies) | Policy::AllOf(policies) => {
            policies.iter().for_each(|policy| collect(policy, keys));
        }
        Policy::Authenticated | Policy::Scope(_) => {}
    }
}
