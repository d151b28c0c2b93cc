//! Property tests of policies.

use proptest::prelude::*;

use super::*;
use crate::{Organization, Scope};

const ROLES: [&str; 3] = ["read:messages", "delete:messages", "admin"];
const ORGANIZATIONS: [&str; 2] = ["1", "2"];
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

type Grant = (&'static str, &'static str);

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let grant = (prop::sample::select(&ROLES[..]), prop::sample::select(&ORGANIZATIONS[..]));
    prop::collection::vec(grant, 0..5)
}

fn scopes() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(&SCOPES[..]), 0..4)
}

fn principal(grants: &[Grant], scopes: &[&'static str]) -> Principal {
    let grant = |&(role, id): &Grant| {
        let organization = Organization {
            id: OrganizationId::from_static(id),
            primary_domain: format!("{id}.test").into(),
        };
        (Role::from_static(role), organization)
    };
    Principal {
        roles: grants.iter().map(grant).collect(),
        scope: Scope::parse(&scopes.join(" ")),
        ..Principal::default()
    }
}

/// Generates random policies, whose memory is leaked: a `Policy` refers to `'static` lists.
fn policy() -> impl Strategy<Value = &'static Policy> {
    let leaf = prop_oneof![
        Just(Policy::Authenticated),
        prop::sample::select(&ROLES[..]).prop_map(|role| Policy::Role(Role::from_static(role))),
        (prop::sample::select(&ROLES[..]), prop::sample::select(&ORGANIZATIONS[..])).prop_map(
            |(role, id)| Policy::RoleIn {
                role: Role::from_static(role),
                organization: OrganizationId::from_static(id),
            }
        ),
        prop::sample::select(&SCOPES[..])
            .prop_map(|scope| Policy::Scope(ScopeToken::from_static(scope))),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = prop::collection::vec(inner, 0..3).prop_map(|list| &*list.leak());
        prop_oneof![list.clone().prop_map(Policy::AnyOf), list.prop_map(Policy::AllOf)]
    })
    .prop_map(|policy| &*Box::leak(Box::new(policy)))
}

proptest! {
    #[test]
    fn more_roles_never_lose_access(
        policy in policy(), held in grants(), more in grants(), scopes in scopes(),
    ) {
        if policy.is_met_by(&principal(&held, &scopes)) {
            let all = [held, more].concat();
            prop_assert!(policy.is_met_by(&principal(&all, &scopes)));
        }
    }

    #[test]
    fn the_order_of_roles_and_scopes_is_irrelevant(
        (held, shuffled) in grants().prop_flat_map(|g| (Just(g.clone()), Just(g).prop_shuffle())),
        (scopes, mixed) in scopes().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
    ) {
        prop_assert_eq!(principal(&held, &scopes), principal(&shuffled, &mixed));
    }

    #[test]
    fn any_of_and_all_of_are_the_logic_they_name(
        policies in prop::collection::vec(policy(), 0..4), held in grants(), scopes in scopes(),
    ) {
        let principal = principal(&held, &scopes);
        let list: &'static [Policy] = policies.iter().map(|p| (*p).clone()).collect::<Vec<_>>().leak();
        let met: Vec<bool> = list.iter().map(|policy| policy.is_met_by(&principal)).collect();
        prop_assert_eq!(Policy::AnyOf(list).is_met_by(&principal), met.contains(&true));
        prop_assert_eq!(Policy::AllOf(list).is_met_by(&principal), !met.contains(&false));
    }

    #[test]
    fn a_role_is_met_by_whoever_holds_it_and_by_nobody_else(
        role in prop::sample::select(&ROLES[..]),
        id in prop::sample::select(&ORGANIZATIONS[..]),
        held in grants(),
    ) {
        let principal = principal(&held, &[]);
        let in_any = Policy::Role(Role::from_static(role));
        let in_one = Policy::RoleIn {
            role: Role::from_static(role),
            organization: OrganizationId::from_static(id),
        };
        prop_assert_eq!(in_any.is_met_by(&principal), held.iter().any(|grant| grant.0 == role));
        prop_assert_eq!(in_one.is_met_by(&principal), held.contains(&(role, id)));
    }

    #[test]
    fn a_scope_is_met_by_whoever_holds_it_and_by_nobody_else(
        scope in prop::sample::select(&SCOPES[..]), held in scopes(),
    ) {
        let policy = Policy::Scope(ScopeToken::from_static(scope));
        prop_assert_eq!(policy.is_met_by(&principal(&[], &held)), held.contains(&scope));
    }
}

#[test]
fn an_empty_any_of_is_met_by_nobody_and_an_empty_all_of_by_everybody() {
    let all = principal(&[("admin", "1")], &SCOPES);
    assert!(!Policy::AnyOf(&[]).is_met_by(&all));
    assert!(Policy::AllOf(&[]).is_met_by(&principal(&[], &[])));
}

#[test]
fn a_policy_is_shown_in_words() {
    const POLICY: Policy = Policy::AnyOf(&[
        Policy::Role(Role::from_static("admin")),
        Policy::AllOf(&[
            Policy::RoleIn {
                role: Role::from_static("read:messages"),
                organization: OrganizationId::from_static("1"),
            },
            Policy::Scope(ScopeToken::from_static("email")),
            Policy::Authenticated,
        ]),
    ]);
    assert_eq!(
        POLICY.to_string(),
        "any of (the role admin, all of (the role read:messages in the organization 1, \
         the scope email, an active verdict))",
    );
}

proptest! {
    #[test]
    fn a_policy_is_met_with_scopes_iff_the_token_with_all_that_it_names_meets_it(
        policy in policy(),
        grants in grants(),
        scopes in scopes(),
    ) {
        let principal = principal(&grants, &scopes);
        let named: Vec<_> = policy.scopes().iter().map(|scope| scope.as_str()).collect();
        let scope = Scope::parse(&[scopes.join(" "), named.join(" ")].join(" "));
        let with_all = Principal { scope, ..principal.clone() };
        prop_assert_eq!(policy.is_met_with_scopes(&principal), policy.is_met_by(&with_all));
    }
}
