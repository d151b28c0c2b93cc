//! Users of the organization: service users, imported people, lists.

use serde_json::Value;

use super::details::{added, changed, listed};
use super::lists::{matches, object, same_name};
use super::passwords;
use super::request::{Outcome, Request, at, text_of};
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::world::{Profile, TokenShape, User, UserKind, UserState};

const QUERIES: [&str; 6] = [
    "userNameQuery",
    "loginNameQuery",
    "displayNameQuery",
    "emailQuery",
    "typeQuery",
    "inUserIdsQuery",
];

/// Shape name of JWT access tokens.
const JWT: &str = "ACCESS_TOKEN_TYPE_JWT";

pub(super) fn add_machine(request: &mut Request<'_>) -> Outcome {
    request.may("user.write")?;
    let name = request.required("userName", "AddMachineUserRequest.UserName")?;
    let display = request.required("name", "AddMachineUserRequest.Name")?;
    let mut user = User::new(UserKind::Service, &name, &request.org());
    user.display = Some(display);
    user.description = request.text("description");
    if request.text("accessTokenType") == JWT {
        user.credentials.shape = TokenShape::Jwt;
    }
    let id = add(request, user)?;
    Ok(object([("userId", id.as_str().into()), ("details", changed(request.world))]))
}

/// Adds a person with a verified or unverified e-mail address and an optional password.
pub(super) fn import_human(request: &mut Request<'_>) -> Outcome {
    request.may("user.write")?;
    let name = request.required("userName", "ImportHumanUserRequest.UserName")?;
    let body = &request.body;
    let (profile, email) = (at(body, "profile"), at(body, "email"));
    let (given, family) = (text_of(profile, "firstName"), text_of(profile, "lastName"));
    let address = text_of(email, "email");
    for (value, text) in [(given, "FirstName"), (family, "LastName"), (address, "Email")] {
        if value.is_empty() {
            let text = format!(
                "invalid ImportHumanUserRequest.{text}: value length must be between 1 and 200 \
                 runes, inclusive"
            );
            return Err(Refusal::malformed(text));
        }
    }
    let mut user = User::new(UserKind::Human, &name, &request.org());
    let display = Some(text_of(profile, "displayName")).filter(|display| !display.is_empty());
    user.display = display.map(str::to_owned);
    user.profile = Profile::named(given, family);
    user.email = Some(address.to_owned());
    user.email_verified = at(email, "isEmailVerified").as_bool().unwrap_or_default();
    let password = request.text("password");
    if !password.is_empty() {
        passwords::check(&password)?;
        user.credentials.password = Some(password);
    }
    let id = add(request, user)?;
    Ok(object([("userId", id.as_str().into()), ("details", added(request.world))]))
}

fn add(request: &mut Request<'_>, user: User) -> Result<UserId, Refusal> {
    let mut others = request.world.users.values();
    if others.any(|other| other.exists() && same_name(&other.name, &user.name)) {
        return Err(Refusal::taken("User already exists"));
    }
    let id = UserId::from(request.world.fresh_id());
    request.world.add_user_as(id.clone(), user);
    Ok(id)
}

pub(super) fn search(request: &Request<'_>) -> Outcome {
    request.may("user.read")?;
    let here = |(id, user): &(&UserId, &User)| {
        user.org == request.caller.org && user.exists() && request.shows(id)
    };
    let finds = |name: &str, query: &Value, (id, user): &(&UserId, &User)| match name {
        "userNameQuery" => matches(query, "userName", &user.name),
        "loginNameQuery" => matches(query, "loginName", &user.name),
        "displayNameQuery" => matches(query, "displayName", &user.display_name()),
        "emailQuery" => matches(query, "emailAddress", user.email.as_deref().unwrap_or_default()),
        "typeQuery" => text_of(query, "type") == kind(user),
        "inUserIdsQuery" => {
            let ids = at(query, "userIds").as_array();
            ids.is_some_and(|ids| ids.iter().any(|wanted| wanted == id.as_str()))
        }
        _ => false,
    };
    let users = request.world.users.iter().filter(here).collect();
    request.page_of(&QUERIES, users, finds, |(id, user)| shown(request, id, user))
}

pub(super) fn mine(request: &Request<'_>) -> Outcome {
    let id = &request.caller.user;
    let user = request.world.users.get(id).ok_or_else(Refusal::invalid_token)?;
    Ok(object([("user", shown(request, id, user))]))
}

fn shown(request: &Request<'_>, id: &UserId, user: &User) -> Value {
    let row = request.world.log.rows.get(id.as_str(), &user.org);
    let (person, machine) = match user.kind {
        UserKind::Human => (human(user), Value::Null),
        UserKind::Service => (Value::Null, machine(user)),
    };
    object([
        ("id", id.as_str().into()),
        ("details", listed(&row)),
        ("state", state(user).into()),
        ("userName", user.name.as_str().into()),
        ("loginNames", vec![user.name.as_str()].into()),
        ("preferredLoginName", user.name.as_str().into()),
        ("human", person),
        ("machine", machine),
    ])
}

/// Name of a user's kind.
pub(super) fn kind(user: &User) -> &'static str {
    match user.kind {
        UserKind::Human => "TYPE_HUMAN",
        UserKind::Service => "TYPE_MACHINE",
    }
}

fn state(user: &User) -> &'static str {
    match user.state {
        UserState::Active => "USER_STATE_ACTIVE",
        UserState::Locked => "USER_STATE_LOCKED",
        UserState::Deactivated => "USER_STATE_INACTIVE",
        UserState::Removed => "USER_STATE_DELETED",
    }
}

fn machine(user: &User) -> Value {
    let credentials = &user.credentials;
    let shape = if credentials.shape == TokenShape::Jwt { JWT } else { "" };
    object([
        ("name", user.display_name().into()),
        ("description", user.description.as_str().into()),
        ("hasSecret", credentials.secret.is_some().into()),
        ("accessTokenType", shape.into()),
    ])
}

fn human(user: &User) -> Value {
    let Profile { given, family, .. } = &user.profile;
    let profile = object([
        ("firstName", given.as_str().into()),
        ("lastName", family.as_str().into()),
        ("displayName", user.display_name().into()),
    ]);
    let email = object([
        ("email", user.email.as_deref().unwrap_or_default().into()),
        ("isEmailVerified", user.email_verified.into()),
    ]);
    object([("profile", profile), ("email", email)])
}
