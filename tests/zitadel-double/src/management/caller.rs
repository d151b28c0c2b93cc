//! Caller and the permissions of its manager roles.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::permissions;
use crate::clock::unix_now;
use crate::ids::{OrgId, UserId};
use crate::refusal::Refusal;
use crate::world::{Token, World};

/// Header that selects another organization than the caller's own.
const ORG_HEADER: &str = "x-zitadel-orgid";

/// Scope that adds ZITADEL's own project to a session token's audience.
const OWN_AUDIENCE: &str = "urn:zitadel:iam:org:project:id:zitadel:aud";

/// Authenticated user with manager roles.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(super) user: UserId,
    /// Organization of the call.
    pub(super) org: OrgId,
    pub(super) permissions: Vec<&'static str>,
    is_manager: bool,
}

impl Caller {
    /// Checks the token, the organization, and that the user has a manager role.
    pub(crate) fn of(headers: &HeaderMap, world: &World) -> Result<Self, Refusal> {
        let caller = Self::authenticated(headers, world)?;
        caller.has_role()?;
        Ok(caller)
    }

    /// Checks the token, then the organization.
    pub(super) fn authenticated(headers: &HeaderMap, world: &World) -> Result<Self, Refusal> {
        let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
        let bearer = headers.get(AUTHORIZATION).and_then(text);
        let token = bearer.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        let token = world.token(token.ok_or_else(Refusal::no_credentials)?);
        let token = token.filter(|token| token.is_usable(unix_now()) && is_for_zitadel(token));
        let user = token.ok_or_else(Refusal::invalid_token)?.user();
        let own = &world.users.get(user).ok_or_else(Refusal::invalid_token)?.org;
        let org = headers.get(ORG_HEADER).and_then(text).filter(|id| !id.is_empty());
        let org = org.map_or_else(|| own.clone(), OrgId::from);
        if !world.orgs.contains_key(&org) {
            return Err(Refusal::no_organization());
        }
        let roles = world.manager_roles(user, &org);
        let (is_manager, permissions) = (!roles.is_empty(), permissions::of(&roles));
        Ok(Self { user: user.clone(), org, permissions, is_manager })
    }

    pub(super) fn has_role(&self) -> Result<(), Refusal> {
        if self.is_manager { Ok(()) } else { Err(Refusal::no_membership()) }
    }

    pub(crate) fn may(&self, permission: &str) -> Result<(), Refusal> {
        if self.permissions.contains(&permission) { Ok(()) } else { Err(Refusal::no_permission()) }
    }
}

fn is_for_zitadel(token: &Token) -> bool {
    match token {
        Token::Pat(_) => true,
        Token::Session(session) => session.request.scopes.iter().any(|scope| scope == OWN_AUDIENCE),
    }
}
