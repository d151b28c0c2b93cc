//! Rules that a resource server must follow although ZITADEL does not enforce them.

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, Method};

use super::{Call, Form};
use crate::violation::{Violation, ViolationLog};

/// Fields of RFC 7662 §2.1 and client authentication.
const KNOWN_FIELDS: [&str; 6] = [
    "token",
    "token_type_hint",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
];

/// Records violations of a request to any endpoint.
pub(crate) fn check_head(headers: &HeaderMap, log: &ViolationLog) {
    if headers.contains_key(COOKIE) {
        log.add(Violation::Cookie);
    }
    for name in headers.keys().map(http::HeaderName::as_str) {
        if name == "forwarded" || name.starts_with("x-forwarded-") {
            log.add(Violation::ForwardingHeader(name.to_owned()));
        }
    }
}

/// Records violations of a discovery request.
pub(crate) fn check_discovery(call: &Call<'_>, log: &ViolationLog) {
    check_method_and_query(call, &Method::GET, log);
    if call.headers.contains_key(AUTHORIZATION) {
        log.add(Violation::CredentialsForDiscovery);
    }
}

/// Records further violations of an introspection request.
pub(super) fn check_introspection(call: &Call<'_>, log: &ViolationLog) {
    check_method_and_query(call, &Method::POST, log);
    let found = call.headers.get(CONTENT_TYPE);
    if call.headers.get_all(CONTENT_TYPE).iter().count() > 1 || !is_form(call.headers) {
        let found = found.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        log.add(Violation::MediaType(found));
    }
}

/// True if the body is a form; parameters such as `charset` are ignored.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Records violations in form fields.
pub(super) fn check_form(form: &Form, headers: &HeaderMap, log: &ViolationLog) {
    let names: Vec<&str> = form.names().collect();
    for (index, name) in names.iter().enumerate() {
        if !KNOWN_FIELDS.contains(name) {
            log.add(Violation::UnknownField((*name).to_owned()));
        }
        if names.iter().take(index).any(|earlier| earlier == name) {
            log.add(Violation::RepeatedField((*name).to_owned()));
        }
    }
    let has = |name: &str| names.contains(&name);
    let foreign: &[&str] = if headers.contains_key(AUTHORIZATION) {
        &["client_id", "client_secret", "client_assertion", "client_assertion_type"]
    } else if has("client_assertion") {
        &["client_secret"]
    } else if has("client_secret") {
        log.add(Violation::SecretInForm);
        &["client_assertion_type"]
    } else {
        &[]
    };
    for name in foreign.iter().filter(|name| has(name)) {
        log.add(Violation::FieldOfOtherAuthentication((*name).to_owned()));
    }
}

pub(crate) fn check_method_and_query(call: &Call<'_>, right: &Method, log: &ViolationLog) {
    if call.method != right {
        log.add(Violation::Method(call.method.to_string()));
    }
    if let Some(query) = call.query.filter(|query| !query.is_empty()) {
        log.add(Violation::QueryParameters(query_names(query)));
    }
}

/// Returns names only: the values may be secret.
pub(crate) fn query_names(query: &str) -> Vec<String> {
    let form = Form::parse(query.as_bytes()).unwrap_or_default();
    form.names().map(str::to_owned).collect()
}
