//! Reads introspection responses as ZITADEL writes them (RFC 7662 §2.2, and ZITADEL's own claims).
//!
//! Strict about every claim that is read: a wrong JSON type, `null`, or a second claim of the same
//! name makes the whole response unreadable. Only `username`, which no rule uses, and the claims of
//! the setting `zitadel.claims` may have any value, though not two. All other claims are ignored.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, SystemTime},
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::ClaimName;

/// Introspection response with each claim in its right type; `None` for absent claims.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) active: Option<bool>,
    pub(super) subject: Option<String>,
    pub(super) username: Option<Text>,
    pub(super) client_id: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<Audience>,
    pub(super) token_id: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) not_before: Option<NumericDate>,
    pub(super) expires_at: Option<NumericDate>,
    pub(super) confirmation: Option<BTreeMap<String, Value>>,
    pub(super) organization: Option<String>,
    pub(super) roles: Option<Roles>,
    pub(super) project_roles: Option<Roles>,
    pub(super) further: BTreeMap<String, Box<RawValue>>,
}

/// Maps a role key to the organizations that granted the role, and an organization's id to its
/// primary domain.
pub(super) type Roles = BTreeMap<String, BTreeMap<String, String>>;

/// Deserializer of one introspection response, with the names of claims that come from the
/// settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerReader<'a> {
    pub(super) project_roles_claim: Option<&'a str>,
    pub(super) claims: &'a [ClaimName],
}

impl AnswerReader<'_> {
    /// Reads an introspection response. The error repeats nothing of the response but names of
    /// claims.
    pub(super) fn read(self, json: &[u8]) -> serde_json::Result<Answer> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let answer = self.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(answer)
    }
}

impl<'de> DeserializeSeed<'de> for AnswerReader<'_> {
    type Value = Answer;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Answer, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AnswerReader<'_> {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an introspection answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut claims: A) -> Result<Answer, A::Error> {
        let mut answer = Answer::default();
        while let Some(name) = claims.next_key::<String>()? {
            match name.as_str() {
                "active" => read(&name, &mut answer.active, &mut claims)?,
                "sub" => read(&name, &mut answer.subject, &mut claims)?,
                "username" => read(&name, &mut answer.username, &mut claims)?,
                "client_id" => read(&name, &mut answer.client_id, &mut claims)?,
                "iss" => read(&name, &mut answer.issuer, &mut claims)?,
                "aud" => read(&name, &mut answer.audience, &mut claims)?,
                "jti" => read(&name, &mut answer.token_id, &mut claims)?,
                "scope" => read(&name, &mut answer.scope, &mut claims)?,
                "nbf" => read(&name, &mut answer.not_before, &mut claims)?,
                "exp" => read(&name, &mut answer.expires_at, &mut claims)?,
                "cnf" => read(&name, &mut answer.confirmation, &mut claims)?,
                "urn:zitadel:iam:user:resourceowner:id" => {
                    read(&name, &mut answer.organization, &mut claims)?;
                }
                "urn:zitadel:iam:org:project:roles" => {
                    read(&name, &mut answer.roles, &mut claims)?;
                }
                _ if Some(name.as_str()) == self.project_roles_claim => {
                    read(&name, &mut answer.project_roles, &mut claims)?;
                }
                _ if self.claims.iter().any(|claim| claim.as_str() == name) => {
                    let mut value = None;
                    if answer.further.contains_key(&name) {
                        return Err(twice(&name));
                    }
                    read(&name, &mut value, &mut claims)?;
                    answer.further.extend(value.map(|value| (name, value)));
                }
                _ => drop(claims.next_value::<IgnoredAny>()?),
            }
        }
        Ok(answer)
    }
}

/// Reads the value of one claim. The error names the claim and shows nothing of its value.
fn read<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    name: &str,
    claim: &mut Option<T>,
    claims: &mut A,
) -> Result<(), A::Error> {
    if claim.is_some() {
        return Err(twice(name));
    }
    let value = claims
        .next_value()
        .map_err(|_| A::Error::custom(format_args!("the claim {name} has the wrong type")))?;
    *claim = Some(value);
    Ok(())
}

fn twice<E: Error>(name: &str) -> E {
    E::custom(format_args!("the claim {name} is there twice"))
}

/// Value of the claim `username`, which no rule uses; `None` if it is not a string.
#[derive(Debug)]
pub(super) struct Text(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::String(text) => Self(Some(text)),
            _ => Self(None),
        })
    }
}

/// Claim `aud`: one string or a list of strings (RFC 7519 §4.1.3).
#[derive(Debug)]
pub(super) struct Audience(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Audience, E> {
                Ok(Audience(vec![value.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Audience, A::Error> {
                let mut audience = Vec::new();
                while let Some(value) = values.next_element()? {
                    audience.push(value);
                }
                Ok(Audience(audience))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

/// Time, written as seconds since 1970 with optional fractions (RFC 7519 §2).
#[derive(Clone, Copy, Debug)]
pub(super) struct NumericDate(pub(super) SystemTime);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;

        impl Visitor<'_> for Seconds {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds that a clock can show")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
                after_epoch(Duration::from_secs(seconds))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<NumericDate, E> {
                before_epoch(Duration::from_secs(seconds.unsigned_abs()))
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
                let distance = Duration::try_from_secs_f64(seconds.abs()).map_err(E::custom)?;
                if seconds < 0.0 { before_epoch(distance) } else { after_epoch(distance) }
            }
        }

        deserializer.deserialize_any(Seconds)
    }
}

fn after_epoch<E: Error>(distance: Duration) -> Result<NumericDate, E> {
    let time = SystemTime::UNIX_EPOCH.checked_add(distance);
    time.map(NumericDate).ok_or_else(|| E::custom("beyond what a clock can show"))
}

fn before_epoch<E: Error>(distance: Duration) -> Result<NumericDate, E> {
    let time = SystemTime::UNIX_EPOCH.checked_sub(distance);
    time.map(NumericDate).ok_or_else(|| E::custom("beyond what a clock can show"))
}
