//! Objects of ZITADEL's management API, with the fields that `app setup` needs.

use std::time::SystemTime;

use secrecy::SecretString;
use serde_json::Value;

/// Organization of a ZITADEL instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Organization id.
    pub id: String,
    /// Organization name.
    pub name: String,
}

/// Project of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Project id.
    pub id: String,
    /// Project name.
    pub name: String,
    /// True unless the project is deactivated or removed.
    pub is_active: bool,
}

/// Application of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Application id.
    pub id: String,
    /// Application name.
    pub name: String,
    /// True unless the application is deactivated or removed.
    pub is_active: bool,
    /// Kind of application, with the client id if setup needs it.
    pub kind: ApplicationKind,
}

/// Kind of application, by how it authenticates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationKind {
    /// API that authenticates by a client secret.
    Basic {
        /// Client id.
        client_id: String,
    },
    /// API that authenticates by a private key.
    Key {
        /// Client id.
        client_id: String,
    },
    /// Program on people's machines, without a secret.
    Native(NativeApplication),
    /// Application of a kind that setup does not use.
    Other,
}

/// Program on people's machines that logs people in and has no secret (RFC 8252).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeApplication {
    /// Client id.
    pub client_id: String,
    /// URIs to which ZITADEL may send a browser after a login. If a URI's host is a loopback
    /// address, any port is allowed.
    pub redirect_uris: Vec<String>,
    /// True if the application has the grant types of the code flow and of refresh tokens.
    pub may_refresh: bool,
}

/// Newly created application.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// Application id.
    pub id: String,
    /// Client id.
    pub client_id: String,
    /// Client secret, if the application has one; shown only this once.
    pub client_secret: Option<SecretString>,
}

/// Key of an application, without its private part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Key id.
    pub id: String,
    /// Expiry as RFC 3339; empty for never.
    pub expires: String,
}

/// Newly created key of an application.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Key id.
    pub id: String,
    /// Content of the key file, shown only this once.
    pub file: SecretString,
}

/// User of ZITADEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub id: String,
    /// User name.
    pub name: String,
    /// True unless the user is deactivated, locked or removed.
    pub is_active: bool,
    /// Kind of user.
    pub kind: UserKind,
}

/// Kind of user: service or person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// Service user: a program.
    Service,
    /// Person who logs in.
    Person,
}

/// Role assignment: the roles of one project that a user has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Id of the role assignment.
    pub id: String,
    /// Keys of the assigned roles.
    pub roles: Vec<String>,
    /// True unless the role assignment is deactivated or removed.
    pub is_active: bool,
}

/// Personal access token as ZITADEL lists it, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalAccessToken {
    /// Token id.
    pub id: String,
    /// Expiry as RFC 3339; empty for never.
    pub expires: String,
}

/// Newly created personal access token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Token id.
    pub id: String,
    /// Token itself, shown only this once.
    pub token: SecretString,
}

pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

/// Returns the strings in the list `name` of `value`, which ZITADEL leaves out if empty.
pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    let list = value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Returns whether the member `state` of `value` equals `active`; false if the member is missing.
/// ZITADEL leaves out the first state of each enumeration, which is never an active one.
pub(super) fn is_active(value: &Value, active: &str) -> bool {
    value.get("state").and_then(Value::as_str) == Some(active)
}

pub(super) fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
