//! The active introspection response, built from the stored token and its current user.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::members::Members;
use crate::ids::{ClientId, ProjectId, UserId};
use crate::world::{PatRecord, SessionRecord, Token, User, UserKind, World};

const ORG_ID_SCOPE: &str = "urn:zitadel:iam:org:id:";
const ORG_DOMAIN_SCOPE: &str = "urn:zitadel:iam:org:domain:primary:";
const ROLES_OF_ORG_SCOPE: &str = "urn:zitadel:iam:org:roles:id:";

/// Unsorted claims, in ZITADEL's order.
const REGISTERED: [&str; 27] = [
    "active",
    "scope",
    "client_id",
    "token_type",
    "exp",
    "iat",
    "auth_time",
    "nbf",
    "sub",
    "aud",
    "amr",
    "iss",
    "jti",
    "username",
    "act",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "gender",
    "locale",
    "updated_at",
    "preferred_username",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
];

type Claims = Map<String, Value>;

/// Returns the claims of an active token; `None` if it is inactive.
pub(super) fn of_token(
    world: &World,
    token: &str,
    client: &ClientId,
    issuer: &str,
    now: i64,
) -> Option<Members> {
    let token = world.token(token).filter(|token| token.is_usable(now))?;
    let user = world.users.get(token.user())?;
    let project = &world.apps.get(client)?.project;
    let (mut claims, scopes) = match token {
        Token::Session(session) => of_session(session, client, project, issuer)?,
        Token::Pat(pat) => of_pat(pat, world, client, project),
    };
    claims.insert("active".into(), true.into());
    claims.insert("token_type".into(), "Bearer".into());
    claims.insert("iss".into(), issuer.into());
    claims.insert("sub".into(), token.user().as_str().into());
    if !scopes.is_empty() {
        claims.insert("scope".into(), scopes.join(" ").into());
    }
    add_profile(&mut claims, &scopes, user);
    add_organization(&mut claims, &scopes, user, world);
    add_roles(&mut claims, &scopes, world, token.user(), project);
    if let Token::Session(session) = token {
        add_custom(&mut claims, &session.request.custom_claims);
    }
    if let Some(action) = world.actions.get(&user.org) {
        let (custom, log) = action.run()?;
        add_custom(&mut claims, &custom);
        if !log.is_empty() {
            claims.insert(format!("urn:zitadel:iam:action:{}:log", action.name()), json!(log));
        }
    }
    Some(in_order(claims))
}

/// Sorts the claims by name if OpenID Connect does not define one of them; otherwise ZITADEL's
/// order stays.
fn in_order(claims: Claims) -> Members {
    let mut answer = Members::default();
    if claims.keys().all(|name| REGISTERED.contains(&name.as_str())) {
        for name in REGISTERED {
            if let Some(value) = claims.get(name) {
                answer.set(name, value.clone());
            }
        }
    } else {
        // The map is sorted.
        for (name, value) in claims {
            answer.set(&name, value);
        }
    }
    answer
}

/// Returns a session token's claims; `None` if it was not issued for this client or its project, or
/// is a JWT of another domain.
fn of_session(
    session: &SessionRecord,
    client: &ClientId,
    project: &ProjectId,
    issuer: &str,
) -> Option<(Claims, Vec<String>)> {
    let named = |id: &str| session.audience.iter().any(|audience| audience == id);
    if !(named(client.as_str()) || named(project.as_str())) {
        return None;
    }
    if session.issuer.as_deref().is_some_and(|inside| inside != issuer) {
        return None;
    }
    let mut claims = times(session.issued_at, session.expires_at);
    claims.insert("auth_time".into(), session.authenticated_at.into());
    claims.insert("aud".into(), json!(session.audience));
    claims.insert("client_id".into(), session.client_id.as_str().into());
    claims.insert("jti".into(), session.id.as_str().into());
    if !session.request.methods.is_empty() {
        claims.insert("amr".into(), json!(session.request.methods));
    }
    if let Some(actor) = &session.request.actor {
        claims.insert("act".into(), json!({ "iss": issuer, "sub": actor.as_str() }));
    }
    Some((claims, session.request.scopes.clone()))
}

/// Returns the claims of a personal access token, active for every client: the introspecting client
/// and its project are its audience.
fn of_pat(
    pat: &PatRecord,
    world: &World,
    client: &ClientId,
    project: &ProjectId,
) -> (Claims, Vec<String>) {
    let mut claims = times(pat.issued_at, pat.expires_at);
    claims.insert("aud".into(), json!([client.as_str(), project.as_str()]));
    claims.insert("jti".into(), pat.id.as_str().into());
    let roles = world.projects.get(project).into_iter().flat_map(|project| &project.roles);
    let role_scopes = roles.map(|role| format!("urn:zitadel:iam:org:project:role:{role}"));
    (claims, pat.scopes.iter().cloned().chain(role_scopes).collect())
}

fn times(issued_at: i64, expires_at: i64) -> Claims {
    let times = [("iat", issued_at), ("nbf", issued_at), ("exp", expires_at)];
    times.into_iter().map(|(name, time)| (name.to_owned(), time.into())).collect()
}

fn add_profile(claims: &mut Claims, scopes: &[String], user: &User) {
    let has = |scope: &str| scopes.iter().any(|granted| granted == scope);
    let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    let profile = &user.profile;
    if has("profile") {
        add("username", user.name.as_str().into());
        add("preferred_username", user.name.as_str().into());
        add("name", user.display_name().into());
        add("updated_at", user.changed_at.into());
        if user.kind == UserKind::Human {
            add("given_name", profile.given.as_str().into());
            add("family_name", profile.family.as_str().into());
            add("locale", json!(profile.locale));
            for (name, value) in [("nickname", &profile.nickname), ("gender", &profile.gender)] {
                if let Some(value) = value {
                    add(name, value.as_str().into());
                }
            }
        }
    }
    if let Some(email) = user.email.as_ref().filter(|_| has("email")) {
        add("email", email.as_str().into());
        if user.email_verified {
            add("email_verified", true.into());
        }
    }
    if let Some(phone) = profile.phone.as_ref().filter(|_| has("phone")) {
        add("phone_number", phone.as_str().into());
        add("phone_number_verified", true.into());
    }
    let metadata = "urn:zitadel:iam:user:metadata";
    if has(metadata) && !user.metadata.is_empty() {
        let encoded = user.metadata.iter();
        let encoded = encoded.map(|(key, value)| (key.clone(), URL_SAFE_NO_PAD.encode(value)));
        add(metadata, json!(encoded.collect::<BTreeMap<_, _>>()));
    }
}

fn add_organization(claims: &mut Claims, scopes: &[String], user: &User, world: &World) {
    let owner = "urn:zitadel:iam:user:resourceowner";
    let after = |prefix: &str| scopes.iter().find_map(|scope| scope.strip_prefix(prefix));
    let org_id = after(ORG_ID_SCOPE);
    if let Some(org) = world.orgs.get(&user.org)
        && (org_id.is_some() || scopes.iter().any(|scope| scope == owner))
    {
        claims.insert(format!("{owner}:id"), user.org.as_str().into());
        claims.insert(format!("{owner}:name"), org.name.as_str().into());
        claims.insert(format!("{owner}:primary_domain"), org.primary_domain.as_str().into());
    }
    if let Some(id) = org_id {
        claims.insert("urn:zitadel:iam:org:id".into(), id.into());
    }
    if let Some(domain) = after(ORG_DOMAIN_SCOPE) {
        claims.insert("urn:zitadel:iam:org:domain:primary".into(), domain.into());
    }
}

/// Adds the roles of the client's project, with the granting organizations and their domains.
/// Without a role, all three claims are absent.
fn add_roles(
    claims: &mut Claims,
    scopes: &[String],
    world: &World,
    user: &UserId,
    project: &ProjectId,
) {
    let restricted: Vec<&str> =
        scopes.iter().filter_map(|scope| scope.strip_prefix(ROLES_OF_ORG_SCOPE)).collect();
    let mut roles: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let grants = world.grants.shown().iter().filter(|(id, held)| {
        held.active && held.user == *user && held.project == *project && world.log.rows.shows(id)
    });
    for (_, grant) in grants {
        if restricted.is_empty() || restricted.contains(&grant.org.as_str()) {
            let domain = world.orgs.get(&grant.org).map_or("", |org| org.primary_domain.as_str());
            for role in &grant.roles {
                roles.entry(role).or_default().insert(grant.org.as_str(), domain);
            }
        }
    }
    if !roles.is_empty() {
        let roles = json!(roles);
        claims.insert("urn:zitadel:iam:org:project:roles".into(), roles.clone());
        claims.insert("urn:zitadel:iam:org:projects:roles".into(), roles.clone());
        claims.insert(format!("urn:zitadel:iam:org:project:{project}:roles"), roles);
    }
}

/// Adds claims of Actions, which cannot overwrite claims or add ZITADEL's own.
fn add_custom(claims: &mut Claims, custom: &Claims) {
    for (name, value) in custom {
        if !name.starts_with("urn:zitadel:iam") && !claims.contains_key(name) {
            claims.insert(name.clone(), value.clone());
        }
    }
}
