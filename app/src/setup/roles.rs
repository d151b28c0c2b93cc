//! Roles that an API requires, from its route table.

use std::collections::BTreeSet;

use axum_zitadel::{Access, Route};
use domain::Policy;

/// Returns the sorted keys of all roles in the policies of the route table.
pub(super) fn roles(table: &[Route]) -> Vec<String> {
    let keys: BTreeSet<_> = table.iter().flat_map(policies).flat_map(keys).collect();
    keys.into_iter().map(str::to_owned).collect()
}

/// Counts the rules in the route table that require a role. A service at one route, such as an MCP
/// server, may have several rules.
pub(super) fn rules(table: &[Route]) -> usize {
    table.iter().flat_map(policies).filter(|policy| !keys(policy).is_empty()).count()
}

/// Returns the path of a GET route for a sample call: open to callers with the roles `held`, closed
/// to callers without roles.
pub(super) fn open_to<'a>(table: &'a [Route], held: &[String]) -> Option<&'a str> {
    let is_open = |route: &&Route| {
        let asks = |policy: &'static Policy| {
            let keys = keys(policy);
            !keys.is_empty() && keys.iter().all(|key| held.iter().any(|held| held == key))
        };
        let is_plain = route.shown_method() == "GET" && !route.path.contains('{');
        is_plain && matches!(route.access, Access::Guarded(policy) if asks(policy))
    };
    table.iter().find(is_open).map(|route| route.path)
}

/// Returns the keys of the roles that one route requires.
pub(super) fn of(route: &Route) -> Vec<String> {
    roles(std::slice::from_ref(route))
}

/// Returns the policies at a route: its own, if it is not public, and those of further rules of a
/// service there, such as an MCP server.
fn policies(route: &Route) -> impl Iterator<Item = &'static Policy> {
    let own = match route.access {
        Access::Public => None,
        Access::Optional(policy) | Access::Guarded(policy) => Some(policy),
    };
    own.into_iter().chain(route.further.iter().copied())
}

fn keys(policy: &'static Policy) -> BTreeSet<&'static str> {
    match policy {
        Policy::Role(role) | Policy::RoleIn { role, .. } => BTreeSet::from([role.as_str()]),
        Policy::AnyOf(policies) | Policy::AllOf(policies) => {
            policies.iter().flat_map(keys).collect()
        }
        Policy::Authenticated | Policy::Scope(_) => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Freshness, Role};

    use super::*;

    const fn role(key: &'static str) -> Policy {
        Policy::Role(Role::from_static(key))
    }

    static READ: Policy = role("read");
    static DELETE: Policy = role("delete");
    static EITHER: Policy = Policy::AnyOf(&[role("admin"), role("read")]);
    static ANYBODY: Policy = Policy::Authenticated;

    fn route(access: Access, further: &[&'static Policy]) -> Route {
        let (freshness, further) = (Freshness::default(), further.to_vec());
        Route { method: None, path: "/mcp", access, freshness, further, sample_body: None }
    }

    #[test]
    fn the_rules_within_a_service_ask_for_roles_as_that_of_its_route_does() {
        let table = [
            route(Access::Public, &[]),
            route(Access::Guarded(&READ), &[]),
            route(Access::Guarded(&ANYBODY), &[&EITHER, &DELETE, &ANYBODY]),
        ];
        assert_eq!(roles(&table), ["admin", "delete", "read"]);
        assert_eq!(rules(&table), 3);
        assert_eq!(of(&table[2]), ["admin", "delete", "read"]);
        // A service's path is never suggested, since it may not accept GET.
        assert_eq!(open_to(&table, &["read".to_owned()]), None);
    }
}
