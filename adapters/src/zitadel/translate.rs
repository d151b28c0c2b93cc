//! Translates ZITADEL's introspection responses into the domain's types, without I/O.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    ActiveToken, Audience, ClientId, EmptyClaim, Introspection, IntrospectionError, Organization,
    OrganizationId, Principal, Role, Roles, Scope, Subject, TokenId, Username,
};

use serde_json::value::RawValue;

use super::{
    ClaimName,
    address::issuer,
    fault::FaultSource,
    sharing::Sharing,
    wire::{self, Answer, AnswerReader, NumericDate},
};

/// Translates bodies of introspection responses with status 200.
#[derive(Debug)]
pub(super) struct Translator {
    project_roles_claim: Option<String>,
    claims: Vec<ClaimName>,
    sharing: Sharing,
}

impl Translator {
    /// Creates a translator that prefers the roles claim of project `project_id` to the claim
    /// without a project id, and keeps the additional `claims`.
    pub(super) fn new(project_id: Option<&str>, claims: Vec<ClaimName>) -> Self {
        let project_roles_claim =
            project_id.map(|id| format!("urn:zitadel:iam:org:project:{id}:roles"));
        Self { project_roles_claim, claims, sharing: Sharing::default() }
    }

    /// Returns the verdict in the JSON text of a response.
    ///
    /// # Errors
    /// `Malformed`, when the text is not a valid introspection response.
    pub(super) fn introspection(&self, json: &[u8]) -> Result<Introspection, IntrospectionError> {
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(FaultSource::NoObject.malformed());
        }
        let reader = AnswerReader {
            project_roles_claim: self.project_roles_claim.as_deref(),
            claims: &self.claims,
        };
        let answer = reader.read(json).map_err(|error| FaultSource::Answer(error).malformed())?;
        match answer.active {
            Some(true) => self.active_token(answer).map(Introspection::Active),
            Some(false) => Ok(Introspection::Inactive),
            None => Err(FaultSource::NoActive.malformed()),
        }
    }

    fn active_token(&self, answer: Answer) -> Result<ActiveToken, IntrospectionError> {
        let time = |claim: Option<NumericDate>| claim.map(|NumericDate(time)| time);
        Ok(ActiveToken {
            expires_at: time(answer.expires_at),
            not_before: time(answer.not_before),
            key_bound: answer.confirmation.is_some(),
            id: answer.token_id.as_deref().and_then(token_id),
            principal: principal(answer)
                .map(|principal| self.sharing.share(principal))
                .map_err(|name| FaultSource::EmptyClaim { name }.malformed())?,
        })
    }
}

/// Returns the token id in the claim `jti`; `None` if `text` is empty. ZITADEL writes
/// `{session}-at_{number}` for a session's token, and a number for a personal access token.
fn token_id(text: &str) -> Option<TokenId> {
    let id = TokenId::parse(text).ok()?;
    Some(match text.split_once('-') {
        Some((session, _)) => id.in_session(session),
        None => id,
    })
}

/// Reads the claims of a principal, without empty values. An empty `sub` or `iss` is an error,
/// which names the claim.
fn principal(answer: Answer) -> Result<Principal, &'static str> {
    let audience = answer.audience.map_or_else(Vec::new, |wire::Audience(values)| values);
    Ok(Principal {
        subject: answer.subject.as_deref().map(Subject::parse).transpose().or(Err("sub"))?,
        username: answer.username.and_then(|wire::Text(text)| Username::parse(&text?).ok()),
        client_id: answer.client_id.as_deref().and_then(named(ClientId::parse)),
        issuer: answer.issuer.as_deref().map(issuer).transpose().or(Err("iss"))?,
        audience: audience.iter().map(String::as_str).filter_map(named(Audience::parse)).collect(),
        scope: answer.scope.as_deref().map(Scope::parse).unwrap_or_default(),
        roles: roles(answer.project_roles.or(answer.roles).unwrap_or_default()),
        organization: answer.organization.as_deref().and_then(named(OrganizationId::parse)),
        further_claims: answer.further.into_iter().map(further_claim).collect(),
    })
}

/// Turns `parse` into a parser that returns `None` instead of an error for an empty text.
fn named<T>(parse: fn(&str) -> Result<T, EmptyClaim>) -> impl Fn(&str) -> Option<T> {
    move |text| parse(text).ok()
}

/// Claim with a user's metadata: an object whose values are in base64url without padding.
const METADATA: &str = "urn:zitadel:iam:user:metadata";

fn further_claim((name, value): (String, Box<RawValue>)) -> (Box<str>, Box<str>) {
    let json = match &*name {
        METADATA => decoded(value.get()),
        _ => None,
    };
    (name.into(), json.unwrap_or_else(|| value.get().to_owned()).into())
}

/// Decodes the values in a user's metadata. A value that does not decode to text stays as it is.
fn decoded(metadata: &str) -> Option<String> {
    let values: BTreeMap<String, String> = serde_json::from_str(metadata).ok()?;
    let decode = |value: String| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(value.trim_end_matches('=')).ok();
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(value)
    };
    let values: BTreeMap<_, _> =
        values.into_iter().map(|(key, value)| (key, decode(value))).collect();
    serde_json::to_string(&values).ok()
}

/// Reads the roles. Leaves out empty role keys and empty organization ids: no rule can name them.
fn roles(roles: wire::Roles) -> Roles {
    let mut grants = Vec::new();
    for (key, organizations) in roles {
        let Ok(role) = Role::parse(&key) else { continue };
        for (id, primary_domain) in organizations {
            let Ok(id) = OrganizationId::parse(&id) else { continue };
            let organization = Organization { id, primary_domain: primary_domain.into() };
            grants.push((role.clone(), organization));
        }
    }
    grants.into_iter().collect()
}

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
#[cfg(test)]
mod tests;
