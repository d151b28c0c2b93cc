//! Keeps single copies of claim values that many tokens have in common, to save memory.

use std::{
    borrow::Borrow,
    fmt,
    hash::{BuildHasher, Hash},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Audience, ClientId, Issuer, Principal, Roles, Scope};
use foldhash::fast::RandomState;

/// Maximum number of remembered values of one kind, such as scopes. A new value replaces an older
/// one whose hash selects the same place.
const SLOTS: usize = 64;

/// Replaces claim values by equal ones remembered from other tokens: tokens of one client often
/// differ in the subject alone. 100 000 cached tokens of one user thus take 54 MiB instead of 122
/// (`docs/performance.md`).
#[derive(Debug, Default)]
pub(super) struct Sharing {
    issuers: Table<Issuer>,
    client_ids: Table<ClientId>,
    audiences: Table<Arc<[Audience]>>,
    scopes: Table<Scope>,
    roles: Table<Roles>,
    principals: Table<Arc<Principal>>,
}

impl Sharing {
    pub(super) fn share(&self, principal: Principal) -> Arc<Principal> {
        self.principals.seen_or(principal, |principal| {
            Arc::new(Principal {
                issuer: principal.issuer.map(|issuer| self.issuers.share(issuer)),
                client_id: principal.client_id.map(|client_id| self.client_ids.share(client_id)),
                audience: self.audiences.share(principal.audience),
                scope: self.scopes.share(principal.scope),
                roles: self.roles.share(principal.roles),
                ..principal
            })
        })
    }
}

struct Table<T> {
    slots: Mutex<Vec<Option<T>>>,
    /// Hasher of the values, five times as fast as that of `std`. An attacker can make values
    /// collide, but then these values merely take more memory.
    hasher: RandomState,
}

impl<T: Clone> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Mutex::new(vec![None; SLOTS]), hasher: RandomState::default() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    /// Returns an equal value that was seen before, or else remembers and returns `value`.
    fn share(&self, value: T) -> T {
        self.seen_or(value, |value| value)
    }

    /// Returns what `make` returned for an equal value seen before, or else calls `make` and
    /// remembers the result.
    fn seen_or<V>(&self, value: V, make: impl FnOnce(V) -> T) -> T
    where
        T: Borrow<V>,
        V: Eq + Hash,
    {
        let hash = usize::try_from(self.hasher.hash_one(&value) % SLOTS as u64).unwrap_or_default();
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.get_mut(hash) else { return make(value) };
        match slot {
            Some(seen) if T::borrow(seen) == &value => seen.clone(),
            _ => slot.insert(make(value)).clone(),
        }
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Table")
    }
}

#[cfg(test)]
mod tests {
    use domain::{Organization, OrganizationId, Role, Subject};

    use super::*;

    fn principal(subject: &str, scope: &str) -> Principal {
        let organization =
            Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
        Principal {
            issuer: Some(Issuer::parse("https://a.test").unwrap()),
            audience: [Audience::parse("api").unwrap()].into(),
            client_id: Some(ClientId::parse("app").unwrap()),
            roles: [(Role::from_static("read"), organization)].into_iter().collect(),
            subject: Some(Subject::parse(subject).unwrap()),
            scope: Scope::parse(scope),
            ..Principal::default()
        }
    }

    /// Returns the memory addresses of the claim values that two principals can share.
    fn places(principal: &Principal) -> [*const (); 5] {
        let read = Role::from_static("read");
        [
            principal.issuer.as_ref().unwrap().as_str().as_ptr().cast(),
            principal.client_id.as_ref().unwrap().as_str().as_ptr().cast(),
            principal.audience.as_ptr().cast(),
            principal.scope.iter().next().unwrap().as_str().as_ptr().cast(),
            principal.roles.granted_by(&read).as_ptr().cast(),
        ]
    }

    #[test]
    fn equal_values_are_one_value_and_nothing_is_changed() {
        let sharing = Sharing::default();
        let first = sharing.share(principal("ada", "openid email"));
        let second = sharing.share(principal("bob", "email openid"));
        assert_eq!(*first, principal("ada", "openid email"));
        assert_eq!(*second, principal("bob", "openid email"));
        assert_eq!(places(&first), places(&second));
    }

    #[test]
    fn two_tokens_of_which_the_same_is_said_have_one_principal() {
        let sharing = Sharing::default();
        let first = sharing.share(principal("ada", "openid"));
        assert!(Arc::ptr_eq(&first, &sharing.share(principal("ada", "openid"))));
        assert!(!Arc::ptr_eq(&first, &sharing.share(principal("bob", "openid"))));
    }

    #[test]
    fn a_flood_of_different_values_changes_none_and_takes_no_more_place() {
        let sharing = Sharing::default();
        for number in 0..10_000 {
            let scope = format!("scope-{number}");
            assert_eq!(*sharing.share(principal("ada", &scope)), principal("ada", &scope));
        }
        assert_eq!(sharing.scopes.slots.lock().unwrap().len(), SLOTS);
    }
}
