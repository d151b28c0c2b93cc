//! Authorization requests, to which a login client links a session.

use serde_json::{Value, json};

use super::details::changed;
use super::lists::object;
use super::logins::check_token;
use super::request::{Outcome, Request, at, text_of};
use crate::refusal::Refusal;
use crate::world::{AuthRequest, Stage};

pub(super) fn get(request: &Request<'_>, id: &str) -> Outcome {
    let asked = find(request, id)?;
    let shown = object([
        ("id", id.into()),
        ("clientId", asked.client.as_str().into()),
        ("scope", asked.scopes.clone().into()),
        ("redirectUri", asked.redirect_uri.as_str().into()),
    ]);
    Ok(json!({ "authRequest": shown }))
}

/// Links a session to the request, or fails it; returns the browser's next URL.
pub(super) fn answer(request: &mut Request<'_>, id: &str) -> Outcome {
    let asked = find(request, id)?.clone();
    if asked.stage != Stage::Added {
        let text = "Auth Request has already been handled";
        return Err(Refusal::precondition(text, "COMMAND-Sx208nt"));
    }
    let error = text_of(at(&request.body, "error"), "error");
    if let Some(reason) = error.strip_prefix("ERROR_REASON_") {
        let reason = reason.to_lowercase();
        request.world.end_auth_request(id, false);
        return Ok(callback(request, &asked, &format!("error={reason}")));
    }
    if asked.login_client != request.caller.user.as_str() && request.may("session.link").is_err() {
        let text = "Auth Request created by another login client";
        return Err(Refusal::denied(text, "COMMAND-rai9Y"));
    }
    let session = at(&request.body, "session");
    let (login, token) = (text_of(session, "sessionId"), text_of(session, "sessionToken"));
    let known = request.world.logins.get(login);
    let missing = || Refusal::not_found("Session does not exist", "COMMAND-x0099887");
    if !known.ok_or_else(missing)?.active {
        return Err(Refusal::precondition("Session already terminated", "COMMAND-Flk38"));
    }
    check_token(request, login, token, "session.write")?;
    let login = login.to_owned();
    let code = request.world.link_login(id, &login).ok_or_else(missing)?;
    Ok(callback(request, &asked, &format!("code={code}")))
}

fn callback(request: &Request<'_>, asked: &AuthRequest, outcome: &str) -> Value {
    let separator = if asked.redirect_uri.contains('?') { '&' } else { '?' };
    let mut url = format!("{}{separator}{outcome}", asked.redirect_uri);
    if !asked.state.is_empty() {
        url.push_str("&state=");
        url.push_str(&escaped(&asked.state));
    }
    json!({ "details": changed(request.world), "callbackUrl": url })
}

/// Percent-encodes a query value.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

fn find<'a>(request: &'a Request<'_>, id: &str) -> Result<&'a AuthRequest, Refusal> {
    let missing = || Refusal::not_found("Auth Request does not exist", "COMMAND-jae5P");
    request.world.auth_requests.get(id).ok_or_else(missing)
}
