//! Users: people and service users.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{UserCredentials, World, WorldError};
use crate::clock::unix_now;
use crate::event_log::{Editor, NewEvent};
use crate::ids::{OrgId, UserId};

/// User to add, by [`NewUser::human`] or [`NewUser::service`].
#[derive(Clone, Debug)]
pub struct NewUser {
    /// User name, unique in the instance.
    pub name: String,
    /// Kind of user.
    pub kind: UserKind,
    /// Owner; the default organization if absent.
    pub org: Option<OrgId>,
    /// Chosen id; 18 digits if absent.
    pub id: Option<UserId>,
    /// A person's e-mail address, shown with the scope `email`.
    pub email: Option<String>,
    /// Responses omit a false `email_verified`.
    pub email_verified: bool,
    /// A person's data, shown with the scopes `profile` and `phone`.
    pub profile: Profile,
    /// Metadata (base64url with the scope `urn:zitadel:iam:user:metadata`).
    pub metadata: BTreeMap<String, String>,
}

/// Names and further data of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Nickname.
    pub nickname: Option<String>,
    /// `male`, `female` or `diverse`.
    pub gender: Option<String>,
    /// Preferred language; responses have `null` without it.
    pub locale: Option<String>,
    /// Verified telephone number.
    pub phone: Option<String>,
}

/// A person or a service user ("machine").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// Has logins, a profile and an e-mail address.
    Human,
    /// Has personal access tokens and client credentials.
    Service,
}

/// State of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// May use tokens issued from now on.
    Active,
    /// Every token is invalid, even after unlocking.
    Locked,
    /// Every token is invalid, even after reactivation.
    Deactivated,
    /// Gone.
    Removed,
}

impl NewUser {
    /// Creates a person of the default organization with a verified e-mail address.
    #[must_use]
    pub fn human(name: &str) -> Self {
        let email = Some(format!("{name}@example.test"));
        Self { email, email_verified: true, ..Self::of_kind(name, UserKind::Human) }
    }

    /// Creates a service user of the default organization.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self::of_kind(name, UserKind::Service)
    }

    /// Moves the user to another organization.
    #[must_use]
    pub fn in_org(self, org: &OrgId) -> Self {
        Self { org: Some(org.clone()), ..self }
    }

    fn of_kind(name: &str, kind: UserKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            org: None,
            id: None,
            email: None,
            email_verified: false,
            profile: Profile::named(name, "Doe"),
            metadata: BTreeMap::new(),
        }
    }
}

impl Profile {
    /// Creates a profile of names only.
    #[must_use]
    pub fn named(given: &str, family: &str) -> Self {
        Self {
            given: given.to_owned(),
            family: family.to_owned(),
            nickname: None,
            gender: None,
            locale: None,
            phone: None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) kind: UserKind,
    pub(crate) org: OrgId,
    pub(crate) profile: Profile,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: bool,
    /// Display name, if it is not made of the other names.
    pub(crate) display: Option<String>,
    /// A service user's description; may be empty.
    pub(crate) description: String,
    /// Last change.
    pub(crate) changed_at: i64,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) state: UserState,
    pub(crate) credentials: UserCredentials,
}

impl User {
    /// Creates an active user without optional data.
    pub(crate) fn new(kind: UserKind, name: &str, org: &OrgId) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            org: org.clone(),
            profile: Profile::named(name, "Doe"),
            email: None,
            email_verified: false,
            display: None,
            description: String::new(),
            changed_at: unix_now(),
            metadata: BTreeMap::new(),
            state: UserState::Active,
            credentials: UserCredentials::default(),
        }
    }

    /// True in any state but removed.
    pub(crate) fn exists(&self) -> bool {
        self.state != UserState::Removed
    }

    pub(crate) fn display_name(&self) -> String {
        if let Some(display) = &self.display {
            return display.clone();
        }
        match self.kind {
            UserKind::Human => format!("{} {}", self.profile.given, self.profile.family),
            UserKind::Service => self.name.clone(),
        }
    }
}

impl World {
    pub(crate) fn add_user(&mut self, new: NewUser, default: &OrgId) -> Result<UserId, WorldError> {
        let NewUser { name, kind, org, id, email, email_verified, profile, metadata } = new;
        let org = org.unwrap_or_else(|| default.clone());
        if !self.orgs.contains_key(&org) {
            return Err(WorldError::UnknownOrg(org.to_string()));
        }
        let id = id.unwrap_or_else(|| UserId::from(self.fresh_id()));
        let user = User::new(kind, &name, &org);
        self.add_user_as(id.clone(), User { profile, email, email_verified, metadata, ..user });
        Ok(id)
    }

    pub(crate) fn add_user_as(&mut self, id: UserId, user: User) {
        let User { name, org, profile, email, .. } = &user;
        let added = match user.kind {
            UserKind::Service => NewEvent::new("user", &id, "user.machine.added", org)
                .with_payload(json!({ "name": user.display_name(), "userName": name })),
            UserKind::Human => NewEvent::new("user", &id, "user.human.added", org).with_payload(
                json!({ "userName": name, "firstName": profile.given, "email": email }),
            ),
        };
        self.users.insert(id, user);
        self.log.write(Editor::Setup, [added]);
    }

    /// Writes a user's event.
    pub(crate) fn log_user(&mut self, id: &UserId, event_type: &str, payload: Value) {
        let Some(user) = self.users.get_mut(id) else { return };
        user.changed_at = unix_now();
        let event = NewEvent::new("user", id, event_type, &user.org).with_payload(payload);
        self.log.write(Editor::Setup, [event]);
    }

    /// Sets the state. Any but `Active` invalidates tokens for good; `Removed` also removes grants.
    pub(crate) fn set_user_state(
        &mut self,
        id: &UserId,
        state: UserState,
    ) -> Result<(), WorldError> {
        let user = self.users.get_mut(id).ok_or_else(|| unknown_user(id))?;
        let before = std::mem::replace(&mut user.state, state);
        let name = match (before, state) {
            (before, after) if before == after => return Ok(()),
            (UserState::Locked, UserState::Active) => "user.unlocked",
            (_, UserState::Active) => "user.reactivated",
            (_, UserState::Locked) => "user.locked",
            (_, UserState::Deactivated) => "user.deactivated",
            (_, UserState::Removed) => "user.removed",
        };
        user.changed_at = unix_now();
        let mut events = vec![NewEvent::new("user", id, name, &user.org)];
        if state != UserState::Active {
            self.revoke_all_of(id);
        }
        if state == UserState::Removed {
            events.extend(self.cascade_removed(|held| held.user == *id));
            events.extend(self.cascade_members(id));
        }
        self.log.write(Editor::Setup, events);
        Ok(())
    }

    pub(crate) fn user(&self, id: &UserId) -> Result<&User, WorldError> {
        self.users.get(id).ok_or_else(|| unknown_user(id))
    }

    /// Finds a user by id, or else by name.
    pub(crate) fn find_user(&self, id_or_name: &str) -> Result<UserId, WorldError> {
        let by_id = self.users.get_key_value(&UserId::from(id_or_name));
        by_id
            .or_else(|| self.users.iter().find(|(_, user)| user.name == id_or_name))
            .map(|(id, _)| id.clone())
            .ok_or_else(|| WorldError::UnknownUser(id_or_name.to_owned()))
    }
}

fn unknown_user(id: &UserId) -> WorldError {
    WorldError::UnknownUser(id.to_string())
}
