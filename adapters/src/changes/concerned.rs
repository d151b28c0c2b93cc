//! Finds the verdicts that a change at ZITADEL concerns. Each user, token, session, role and
//! organization has an entry in a table of changes (`marks.rs`), found by a hash of its id. A
//! change is recorded in the entry of what changed; a verdict keeps the indexes (slots) of the
//! entries of all that it names.

use domain::{ActiveToken, Change, OrganizationId, RoleGrant, Subject, TokenId};

use crate::decorators::Digester;

/// Maximum number of roles that a verdict lists one by one. A verdict with more roles is concerned
/// by a change of any role.
const ROLES: usize = 3;

/// Indexes, in the table of changes, of the subject, token, session, organization and roles that
/// one verdict names. A change recorded at one of them concerns the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Concerned {
    /// Indexes of the subject, token, session and organization. A token or session that the verdict
    /// does not name has the subject's index. Introspection shows a change of these within seconds.
    pub(super) at_once: [u16; 4],
    /// Indexes of the subject's set of roles, and of each role (or, for more than `ROLES` roles, of
    /// "any role"). Introspection may show the old roles for some minutes after a change.
    pub(super) roles: [u16; 1 + ROLES],
    /// True if the feed reports changes of all claims of the verdict.
    pub(super) followed: bool,
}

/// Computes the table index of a user, session or other thing from its id, by a hash with a secret
/// key: nobody can choose ids that share an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots(Digester);

/// Kind of thing with a table index of its own, such as a user. A session has two: `Session` for
/// cached verdicts, `EndedSession` for verdicts in use (open streams). The session's end is
/// recorded at both, a refresh only at `Session`.
#[derive(Clone, Copy)]
enum Kind {
    Subject = 1,
    Token,
    Session,
    Organization,
    RolesOf,
    Role,
    AnyRole,
    EndedSession,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self(Digester::new())
    }

    /// Returns the table indexes of a cached verdict. `is_followed` is true if the feed reports
    /// changes of all its claims. The result's `followed` is true only if the verdict also has a
    /// subject and a token id: the feed names changes by these.
    pub(super) fn of_answer(&self, token: &ActiveToken, is_followed: bool) -> Concerned {
        self.concerned(token, is_followed, Kind::Session)
    }

    /// Returns the table indexes of a verdict in use, such as that of an open stream. The end of
    /// its session is recorded at one of them, but not a refresh of the session.
    pub(super) fn of_use(&self, token: &ActiveToken) -> Concerned {
        self.concerned(token, true, Kind::EndedSession)
    }

    fn concerned(&self, token: &ActiveToken, is_followed: bool, of_session: Kind) -> Concerned {
        let principal = &*token.principal;
        let name = principal.subject.as_ref().map_or("", Subject::as_str);
        let subject = self.slot(Kind::Subject, name);
        let token_id = token.id.as_ref().map(TokenId::as_str);
        let session = token.id.as_ref().and_then(TokenId::session);
        // A verdict that names no organization has the slot of the organization "".
        let organization = principal.organization.as_ref().map_or("", OrganizationId::as_str);
        let at_once = [
            subject,
            token_id.map_or(subject, |id| self.slot(Kind::Token, id)),
            session.map_or(subject, |id| self.slot(of_session, id)),
            self.slot(Kind::Organization, organization),
        ];
        let roles_of = self.slot(Kind::RolesOf, name);
        let mut roles = [roles_of; 1 + ROLES];
        if principal.roles.iter().len() > ROLES {
            roles[1] = self.slot(Kind::AnyRole, "");
        } else {
            let of_roles = principal.roles.iter().map(RoleGrant::role);
            for (slot, role) in roles.iter_mut().skip(1).zip(of_roles) {
                *slot = self.slot(Kind::Role, role.as_str());
            }
        }
        let is_named = principal.subject.is_some() && token_id.is_some();
        Concerned { at_once, roles, followed: is_followed && is_named }
    }

    /// Returns the two table indexes at which `change` is recorded (often the same one twice);
    /// `None` twice for a change that concerns every verdict.
    pub(super) fn of_change(&self, change: &Change) -> [Option<u16>; 2] {
        let one = |slot| [Some(slot); 2];
        match change {
            Change::Token(id) => one(self.slot(Kind::Token, id.as_str())),
            Change::Session(id) => {
                [Kind::Session, Kind::EndedSession].map(|kind| Some(self.slot(kind, id.as_str())))
            }
            Change::Refreshed(id) => one(self.slot(Kind::Session, id.as_str())),
            Change::Subject(id) => one(self.slot(Kind::Subject, id.as_str())),
            Change::RolesOf(id) => one(self.slot(Kind::RolesOf, id.as_str())),
            Change::Role(role) => {
                [self.slot(Kind::Role, role.as_str()), self.slot(Kind::AnyRole, "")].map(Some)
            }
            Change::Organization(id) => {
                [id.as_str(), ""].map(|id| Some(self.slot(Kind::Organization, id)))
            }
            Change::Everything => [None; 2],
        }
    }

    fn slot(&self, kind: Kind, name: &str) -> u16 {
        let [low, high, ..] = self.0.of_kind(kind as u8, name).to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use domain::{Organization, Principal, Role, SessionId};

    use super::*;

    fn answer(roles: &[&str]) -> ActiveToken {
        let organization =
            Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
        let roles = roles.iter().map(|role| (Role::parse(role).unwrap(), organization.clone()));
        ActiveToken {
            id: TokenId::parse("V2_1-at_2").ok().map(|id| id.in_session("V2_1")),
            principal: Arc::new(Principal {
                subject: Subject::parse("ada").ok(),
                organization: OrganizationId::parse("acme").ok(),
                roles: roles.collect(),
                ..Principal::default()
            }),
            ..ActiveToken::default()
        }
    }

    fn concerns(slots: &Slots, change: &Change, concerned: Concerned) -> bool {
        let own: HashSet<_> = concerned.at_once.iter().chain(&concerned.roles).collect();
        let marked = slots.of_change(change);
        marked.iter().any(|slot| slot.is_none_or(|slot| own.contains(&slot)))
    }

    #[test]
    fn each_kind_of_change_concerns_the_answers_that_it_names() {
        // Two names share a slot by chance once in 65 536 tables, so never in all of ten.
        let ten = [(); 10].map(|()| Slots::new());
        let subject = |name| Subject::parse(name).unwrap();
        let organization = |id| OrganizationId::parse(id).unwrap();
        for (change, of_kept, of_used) in [
            (Change::Token(TokenId::parse("V2_1-at_2").unwrap()), true, true),
            (Change::Token(TokenId::parse("V2_1-at_3").unwrap()), false, false),
            (Change::Session(SessionId::parse("V2_1").unwrap()), true, true),
            (Change::Session(SessionId::parse("V2_2").unwrap()), false, false),
            (Change::Refreshed(SessionId::parse("V2_1").unwrap()), true, false),
            (Change::Refreshed(SessionId::parse("V2_2").unwrap()), false, false),
            (Change::Subject(subject("ada")), true, true),
            (Change::Subject(subject("bob")), false, false),
            (Change::RolesOf(subject("ada")), true, true),
            (Change::RolesOf(subject("bob")), false, false),
            (Change::Role(Role::from_static("read")), true, true),
            (Change::Role(Role::from_static("write")), false, false),
            (Change::Organization(organization("acme")), true, true),
            (Change::Organization(organization("other")), false, false),
            (Change::Everything, true, true),
        ] {
            let answer = answer(&["read"]);
            let all = |concerned: &dyn Fn(&Slots) -> Concerned| {
                ten.iter().all(|slots| concerns(slots, &change, concerned(slots)))
            };
            let found =
                [all(&|slots| slots.of_answer(&answer, true)), all(&|slots| slots.of_use(&answer))];
            assert_eq!(found, [of_kept, of_used], "{change:?}");
        }
    }

    #[test]
    fn each_of_many_roles_concerns_an_answer() {
        let slots = Slots::new();
        for count in 1..6 {
            let roles = &["a", "b", "c", "d", "e"][..count];
            for role in roles {
                let change = Change::Role(Role::parse(role).unwrap());
                let concerned = slots.of_answer(&answer(roles), true);
                assert!(concerns(&slots, &change, concerned), "{role} of {roles:?}");
            }
        }
    }

    #[test]
    fn an_organization_that_is_removed_concerns_answers_that_name_none() {
        let slots = Slots::new();
        let mut token = answer(&[]);
        Arc::get_mut(&mut token.principal).unwrap().organization = None;
        let removed = Change::Organization(OrganizationId::from_static("any"));
        assert!(concerns(&slots, &removed, slots.of_answer(&token, true)));
    }

    #[test]
    fn an_answer_that_the_feed_could_not_name_is_not_followed() {
        let slots = Slots::new();
        assert!(slots.of_answer(&answer(&[]), true).followed);
        assert!(!slots.of_answer(&answer(&[]), false).followed);
        assert!(!slots.of_answer(&ActiveToken { id: None, ..answer(&[]) }, true).followed);
        let nameless = ActiveToken { principal: Arc::default(), ..answer(&[]) };
        assert!(!slots.of_answer(&nameless, true).followed);
    }
}
