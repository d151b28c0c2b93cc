//! Authorization requests (RFC 6749 §4.1.1), from the front end's request to its code.

use serde_json::{Value, json};

use super::World;
use crate::event_log::{Editor, INSTANCE, NewEvent};
use crate::ids::ClientId;
use crate::random;

#[derive(Clone)]
pub(crate) struct AuthRequest {
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Vec<String>,
    /// `code_challenge`; true if the method is `S256`.
    pub(crate) challenge: Option<(String, bool)>,
    /// User id of the login client, from the request's header.
    pub(crate) login_client: String,
    pub(crate) stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waiting for a login.
    Added,
    /// A login session is linked; the code is valid once.
    Code { login: String, code: String },
    /// Exchanged or failed.
    Done,
}

impl World {
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

    /// Links a login session; returns the code.
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

    /// Ends a request: the code was exchanged, or the login failed.
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
