//! People in the v2 API, where a caller can choose a user's id.

use super::details::added;
use super::lists::{object, same_name};
use super::passwords;
use super::request::{Outcome, Request, at, text_of};
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::world::{Profile, User, UserKind};

pub(super) fn add(request: &mut Request<'_>) -> Outcome {
    request.may("user.write")?;
    let body = &request.body;
    let (profile, email) = (at(body, "profile"), at(body, "email"));
    let (given, family) = (text_of(profile, "givenName"), text_of(profile, "familyName"));
    let address = text_of(email, "email");
    for (value, text) in
        [(given, "Profile.GivenName"), (family, "Profile.FamilyName"), (address, "Email.Email")]
    {
        if value.is_empty() {
            return Err(Refusal::malformed(format!(
                "invalid AddHumanUserRequest.{text}: value length must be between 1 and 200 \
                 runes, inclusive"
            )));
        }
    }
    let text = |name: &str| Some(text_of(profile, name).to_owned()).filter(|text| !text.is_empty());
    let name = match text_of(body, "username") {
        "" => address,
        name => name,
    };
    let mut user = User::new(UserKind::Human, name, &request.org());
    user.display = text("displayName");
    user.profile = Profile {
        nickname: text("nickName"),
        gender: text("gender").and_then(|name| gender(&name)).map(str::to_owned),
        locale: text("preferredLanguage"),
        phone: verified_phone(request),
        ..Profile::named(given, family)
    };
    user.email = Some(address.to_owned());
    user.email_verified = at(email, "isVerified").as_bool().unwrap_or_default();
    let password = text_of(at(body, "password"), "password");
    if !password.is_empty() {
        passwords::check(password)?;
        user.credentials.password = Some(password.to_owned());
    }
    let id = UserId::from(request.text("userId"));
    let mut others = request.world.users.iter();
    let taken = others.any(|(other_id, other)| {
        *other_id == id || (other.exists() && same_name(&other.name, &user.name))
    });
    if taken {
        return Err(Refusal::taken("User already exists"));
    }
    let chosen = Some(id).filter(|id| !id.as_str().is_empty());
    let id = chosen.unwrap_or_else(|| UserId::from(request.world.fresh_id()));
    request.world.add_user_as(id.clone(), user);
    Ok(object([("userId", id.as_str().into()), ("details", added(request.world))]))
}

/// Returns a verified telephone number; responses never show an unverified one.
fn verified_phone(request: &Request<'_>) -> Option<String> {
    let phone = at(&request.body, "phone");
    let is_verified = at(phone, "isVerified").as_bool().unwrap_or_default();
    is_verified.then(|| text_of(phone, "phone").to_owned())
}

fn gender(name: &str) -> Option<&'static str> {
    match name {
        "GENDER_FEMALE" => Some("female"),
        "GENDER_MALE" => Some("male"),
        "GENDER_DIVERSE" => Some("diverse"),
        _ => None,
    }
}
