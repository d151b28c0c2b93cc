//! The OpenID Connect endpoints, without sockets.

mod assertion;
mod assertion_rules;
mod authorization;
mod basic;
mod claims;
mod client_auth;
mod discovery;
mod form;
mod grants;
mod introspection;
mod keys;
mod members;
mod reply;
mod revocation;
mod strictness;

pub(crate) use assertion::key_id;
pub(crate) use assertion_rules::SeenAssertions;
pub(crate) use authorization::{AUTHORIZATION_PATH, authorize};
pub(crate) use discovery::{DISCOVERY_PATH, RFC_8414_PATH, document, rfc_8414};
pub(crate) use form::{Form, unescape};
pub(crate) use grants::{TOKEN_PATH, token};
pub(crate) use introspection::{asks_about_pat, introspect};
pub(crate) use keys::{KEYS_PATH, keys};
pub(crate) use reply::{Part, Reply};
pub(crate) use revocation::{REVOCATION_PATH, revoke};
pub(crate) use strictness::{check_discovery, check_head, check_method_and_query, query_names};

use http::{HeaderMap, Method};

/// Parts of a request that endpoints use.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// Origin of this request.
    pub(crate) issuer: &'a str,
}
