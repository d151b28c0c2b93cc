//! Objects of ZITADEL as its management API describes them.

use std::time::SystemTime;

use secrecy::SecretString;
use serde_json::Value;

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Set unless it is deactivated or removed.
    pub is_active: bool,
}

/// An application of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Set unless it is deactivated or removed.
    pub is_active: bool,
    /// Its kind, with its client id.
    pub kind: ApplicationKind,
}

/// The kind of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationKind {
    /// An API that authenticates by a client secret.
    Basic {
        /// Its client id.
        client_id: String,
    },
    /// An API that authenticates by a key.
    Key {
        /// Its client id.
        client_id: String,
    },
    /// A program on people's machines, without a secret.
    Native(NativeApplication),
    /// Another kind.
    Other,
}

/// Program on people's machines that logs people in, and has no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeApplication {
    /// Its client id.
    pub client_id: String,
    /// URIs to which ZITADEL may send a browser after a login; on loopback the port does not count.
    pub redirect_uris: Vec<String>,
    /// Set when it has the grants of the code flow and of refresh tokens.
    pub may_refresh: bool,
}

/// Newly created application.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// Its id.
    pub id: String,
    /// Its client id.
    pub client_id: String,
    /// Its secret, shown only this once; `None` if it authenticates by a key.
    pub client_secret: Option<SecretString>,
}

/// Key of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// Expiry as RFC 3339; empty for never.
    pub expires: String,
}

/// Newly created key.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its id.
    pub id: String,
    /// Content of the key file, shown only this once.
    pub file: SecretString,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Set unless it is deactivated, locked or removed.
    pub is_active: bool,
    /// Person or service.
    pub kind: UserKind,
}

/// The kind of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// A service user.
    Service,
    /// A person.
    Person,
}

/// Role assignment: roles of one project that a user has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// Keys of the roles.
    pub roles: Vec<String>,
    /// Set unless it is deactivated or removed.
    pub is_active: bool,
}

/// Personal access token as ZITADEL lists it, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalAccessToken {
    /// Its id.
    pub id: String,
    /// Expiry as RFC 3339; empty for never.
    pub expires: String,
}

/// Newly created personal access token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its id.
    pub id: String,
    /// The token, shown only this once.
    pub token: SecretString,
}

/// Reads a text that is always present.
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

/// Reads a list of texts; ZITADEL leaves out an empty one.
pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    let list = value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Compares a state; ZITADEL leaves out the first of each enumeration, which is none of these.
pub(super) fn is_active(value: &Value, active: &str) -> bool {
    value.get("state").and_then(Value::as_str) == Some(active)
}

/// Writes a time as the API takes it.
pub(super) fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
