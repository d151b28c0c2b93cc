//! State of the instance: organizations, projects, applications, people, grants, tokens.
//!
//! The next request sees each change unless a test sets a lag; ZITADEL's projections delay role
//! changes by some milliseconds.

mod actions;
mod administrator;
mod app_changes;
mod app_keys;
mod apps;
mod auth_requests;
mod default_world;
mod errors;
mod grants;
mod key_file;
mod login_tokens;
mod logins;
mod members;
mod oidc_apps;
mod orgs;
mod people;
mod projects;
mod readers;
mod sessions;
mod token_records;
mod token_requests;
mod tokens;
mod unrelated;
mod user_credentials;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

pub use actions::Action;
pub(crate) use app_keys::RegisteredKey;
pub use apps::AppState;
pub(crate) use apps::{App, Credentials};
pub(crate) use auth_requests::{AuthRequest, Stage};
pub(crate) use default_world::DefaultWorld;
pub use errors::WorldError;
use grants::Grants;
pub(crate) use grants::UserGrant;
pub(crate) use key_file::SigningKey;
use logins::Login;
pub(crate) use members::{Level, Members};
pub(crate) use oidc_apps::OidcSettings;
pub(crate) use orgs::Org;
pub(crate) use people::User;
pub use people::{NewUser, Profile, UserKind, UserState};
pub(crate) use projects::{Project, RoleText};
pub(crate) use token_records::{PatRecord, SessionRecord, Token};
pub use token_requests::{Audience, Pat, SessionToken, TokenShape};
pub(crate) use user_credentials::UserCredentials;

use crate::answer::Answer;
use crate::event_log::EventLog;
use crate::ids::{ClientId, OrgId, ProjectId, UserId};
use crate::token_form::TokenSeal;

/// First generated id, above the default world's ids.
const FIRST_FREE_ID: u64 = 340_000_000_000_001_000;

pub(crate) const PAT_SCOPES: [&str; 4] =
    ["openid", "profile", "urn:zitadel:iam:user:metadata", "urn:zitadel:iam:user:resourceowner"];

/// State behind the endpoints, without `Debug`: it is full of secrets.
pub(crate) struct World {
    next_id: u64,
    pub(crate) orgs: BTreeMap<OrgId, Org>,
    pub(crate) projects: BTreeMap<ProjectId, Project>,
    pub(crate) apps: BTreeMap<ClientId, App>,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) grants: Grants,
    pub(crate) seal: TokenSeal,
    /// By id.
    tokens: HashMap<String, Token>,
    /// By id.
    pub(crate) logins: BTreeMap<String, Login>,
    pub(crate) auth_requests: BTreeMap<String, AuthRequest>,
    pub(crate) answers: HashMap<String, Answer>,
    pub(crate) actions: BTreeMap<OrgId, Action>,
    pub(crate) members: Members,
    /// Administrator's token, after its first use.
    administrator: Option<String>,
    pub(crate) log: EventLog,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    pub(crate) fn empty(seal: TokenSeal) -> Self {
        Self {
            next_id: FIRST_FREE_ID,
            orgs: BTreeMap::new(),
            projects: BTreeMap::new(),
            apps: BTreeMap::new(),
            users: BTreeMap::new(),
            grants: Grants::default(),
            seal,
            tokens: HashMap::new(),
            logins: BTreeMap::new(),
            auth_requests: BTreeMap::new(),
            answers: HashMap::new(),
            actions: BTreeMap::new(),
            members: Members::new(),
            administrator: None,
            log: EventLog::new(),
        }
    }

    pub(crate) fn fresh_id(&mut self) -> String {
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        id.to_string()
    }
}
