//! What the instance knows: organizations, projects, applications, people, grants, tokens.
//!
//! Changes are visible to the next request. (In ZITADEL role changes pass through a projection
//! and take some milliseconds; the double has no such delay.)

mod apps;
mod default_world;
mod errors;
mod key_file;
mod people;
mod token_records;
mod token_requests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

pub use apps::AppState;
pub(crate) use apps::{App, Credentials};
pub(crate) use default_world::DefaultWorld;
pub use errors::WorldError;
pub(crate) use key_file::SigningKey;
pub(crate) use people::User;
pub use people::{NewUser, UserKind, UserState};
pub(crate) use token_records::{PatRecord, SessionRecord, Token};
pub use token_requests::{Audience, Pat, SessionToken, TokenShape};

use crate::answer::Answer;
use crate::ids::{ClientId, OrgId, ProjectId, UserId};

/// Where generated ids begin; the ids of the default world are below.
const FIRST_FREE_ID: u64 = 340_000_000_000_001_000;

/// The state behind the endpoints. It has no revealing `Debug`: it is full of secrets.
pub(crate) struct World {
    next_id: u64,
    pub(crate) orgs: BTreeMap<OrgId, Org>,
    pub(crate) projects: BTreeMap<ProjectId, Project>,
    pub(crate) apps: BTreeMap<ClientId, App>,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) grants: BTreeSet<Grant>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) answers: HashMap<String, Answer>,
}

/// An organization.
#[derive(Debug)]
pub(crate) struct Org {
    pub(crate) name: String,
    pub(crate) primary_domain: String,
}

/// A project with the role keys that it defines.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) roles: BTreeSet<String>,
}

/// A role of a project, given to a user by an organization ("user grant", "authorization").
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    pub(crate) user: UserId,
    pub(crate) project: ProjectId,
    pub(crate) role: String,
    pub(crate) org: OrgId,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    pub(crate) fn empty() -> Self {
        Self {
            next_id: FIRST_FREE_ID,
            orgs: BTreeMap::new(),
            projects: BTreeMap::new(),
            apps: BTreeMap::new(),
            users: BTreeMap::new(),
            grants: BTreeSet::new(),
            tokens: HashMap::new(),
            answers: HashMap::new(),
        }
    }

    pub(crate) fn fresh_id(&mut self) -> String {
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        id.to_string()
    }

    pub(crate) fn add_org(&mut self, name: &str, primary_domain: &str) -> OrgId {
        let id = OrgId::from(self.fresh_id());
        self.orgs.insert(
            id.clone(),
            Org { name: name.to_owned(), primary_domain: primary_domain.to_owned() },
        );
        id
    }

    pub(crate) fn add_project(&mut self) -> ProjectId {
        let id = ProjectId::from(self.fresh_id());
        self.projects.insert(id.clone(), Project { roles: BTreeSet::new() });
        id
    }
}
