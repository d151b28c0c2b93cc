//! Authorization requests (RFC 6749 §4.1.1): from the front end's request to its code.

use serde_json::{Value, json};

use super::World;
use crate::event_log::{Editor, INSTANCE, NewEvent};
use crate::ids::ClientId;
use crate::random;

/// Request of a client for the login of a user.
#[derive(Clone)]
pub(crate) struct AuthRequest {
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Vec<String>,
    /// `code_challenge`; true if its method is `S256`.
    pub(crate) challenge: Option<(String, bool)>,
    /// User id of the login client that the header of the request named.
    pub(crate) login_client: String,
    pub(crate) stage: Stage,
}

/// Progress of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waiting for a login.
    Added,
    /// A login session is linked, and the code may be exchanged once.
    Code { login: String, code: String },
    /// Exchanged or failed.
    Done,
}

impl World {
    /// Adds a request and returns its id.
    pub(crate) fn add_auth_request(&mut self, request: AuthRequest) -> String {
        let id = format!("V2_{}", self.fresh_id());
        let added = json!({
            "login_client": request.login_client, "client_id": request.client.as_str(),
            "redirect_uri": request.redirect_uri, "state": request.state,
            "scope": request.scopes, "audience": request.audience,
        });
        self.auth_requests.insert(id.clone(), request);
        self.log_auth_request(&id, [("auth_request.added", added)]);
        id
    }

    /// Links a login session to a request and returns the code.
    pub(crate) fn link_login(&mut self, id: &str, login: &str) -> Option<String> {
        let code = random::base64url(36);
        let user = self.logins.get(login)?.user.to_string();
        let (linked, stored) = (login.to_owned(), code.clone());
        self.auth_requests.get_mut(id)?.stage = Stage::Code { login: linked, code: stored };
        let payload = json!({ "session_id": login, "user_id": user });
        let linked = ("auth_request.session.linked", payload);
        self.log_auth_request(id, [linked, ("auth_request.code.added", json!({}))]);
        Some(code)
    }

    /// Ends a request: its code was exchanged, or the login failed.
    pub(crate) fn end_auth_request(&mut self, id: &str, succeeded: bool) {
        let Some(request) = self.auth_requests.get_mut(id) else { return };
        request.stage = Stage::Done;
        if succeeded {
            let exchanged = ("auth_request.code.exchanged", json!({}));
            self.log_auth_request(id, [exchanged, ("auth_request.succeeded", json!({}))]);
        } else {
            self.log_auth_request(id, [("auth_request.failed", json!({}))]);
        }
    }

    fn log_auth_request<const COUNT: usize>(&mut self, id: &str, events: [(&str, Value); COUNT]) {
        let events = events.map(|(name, payload)| {
            NewEvent::new("auth_request", id, name, INSTANCE).with_payload(payload)
        });
        self.log.write(Editor::System, events);
    }
}
