//! The plan for the application and its credentials.

use adapters::zitadel::management::{Application, ApplicationKind};

use super::{Plan, Step, shown};
use crate::setup::{
    found::Found,
    here::{Here, KEY_FILE, KeyHere},
    target::Target,
    wish::{Auth, Wish},
};

impl Plan {
    pub(super) fn application(&mut self, wish: &Wish, target: &Target, found: &Found, here: &Here) {
        let Some(application) = &found.application else {
            self.steps.push(Step::CreateApplication);
            if target.auth == Auth::Key {
                self.new_key(here, None, wish.force);
            }
            self.steps.push(Step::WriteEnv);
            return;
        };
        let Application { name, id, is_active, kind } = application;
        let client_id = match (kind, target.auth) {
            _ if *name != target.application => {
                return self.refuse(format!(
                    "an application {name:?} exists in the project, and names are unique without \
                     regard to case: use another --name"
                ));
            }
            _ if !is_active => {
                return self.refuse(format!(
                    "the application {name:?} ({id}) is deactivated: reactivate it"
                ));
            }
            (ApplicationKind::Other, _) => {
                return self.refuse(format!(
                    "the application {name:?} ({id}) is no API: use another --name, or rename it"
                ));
            }
            (ApplicationKind::Basic { .. }, Auth::Key)
            | (ApplicationKind::Key { .. }, Auth::Basic) => {
                // An application that was changed to a key goes on taking its old secret.
                let other = if target.auth == Auth::Key { Auth::Basic } else { Auth::Key };
                return self.refuse(format!(
                    "the application {name:?} ({id}) authenticates by {}: use --auth {0}, or another \
                     --name; it is not changed, for an application that was changed to a key goes on \
                     taking its old secret",
                    shown(other)
                ));
            }
            (ApplicationKind::Basic { client_id } | ApplicationKind::Key { client_id }, _) => {
                client_id
            }
        };
        match target.auth {
            Auth::Key => self.key(wish, found, here, client_id),
            Auth::Basic => self.secret(wish, here, client_id),
        }
    }

    fn key(&mut self, wish: &Wish, found: &Found, here: &Here, client_id: &str) {
        let of_this = here.key.as_ref().filter(|key| key.client_id == client_id);
        let is_there = |key: &KeyHere| found.keys.iter().any(|it| it.id == key.key_id);
        match of_this {
            Some(key) if is_there(key) && !wish.new_key && !wish.renew => {
                if !self.is_env_right(here, client_id, Auth::Key) {
                    self.steps.push(Step::WriteEnv);
                }
            }
            Some(key) if is_there(key) || wish.new_key => {
                self.new_key(here, Some(client_id), wish.force);
                self.steps.push(Step::WriteEnv);
            }
            Some(_) => self.refuse(format!(
                "{KEY_FILE}: ZITADEL does not have this key any more: make another one with --new-key"
            )),
            None if found.keys.is_empty() || wish.new_key => {
                self.new_key(here, Some(client_id), wish.force);
                self.steps.push(Step::WriteEnv);
            }
            None => self.lost.push(format!(
                "the application has {} of which none is in {KEY_FILE}: copy it here, or make another \
                 one with --new-key",
                if found.keys.len() == 1 { "a key".to_owned() } else { format!("{} keys", found.keys.len()) }
            )),
        }
    }

    /// A key file of another application is never written over without being told to.
    fn new_key(&mut self, here: &Here, client_id: Option<&str>, force: bool) {
        let is_foreign =
            here.key.as_ref().is_some_and(|key| Some(key.client_id.as_str()) != client_id);
        if is_foreign && !force {
            return self.refuse(format!(
                "{KEY_FILE}: it is the key of another application: move it away, or use --force"
            ));
        }
        self.steps.push(Step::CreateKey);
    }

    fn secret(&mut self, wish: &Wish, here: &Here, client_id: &str) {
        let has =
            |name: &str, value: &str| here.variables.get(name).map(String::as_str) == Some(value);
        let is_here = has("CLIENT_ID", client_id) && here.variables.contains_key("CLIENT_SECRET");
        if wish.new_secret {
            self.steps.push(Step::GenerateSecret);
            self.steps.push(Step::WriteEnv);
        } else if !is_here {
            self.lost.push(
                "the application has a secret that is not in .env: copy it here, or generate another \
                 one with --new-secret, at which the old one stops at once"
                    .to_owned(),
            );
        } else if !self.is_env_right(here, client_id, Auth::Basic) {
            self.steps.push(Step::WriteEnv);
        }
    }

    /// Tells whether `.env` has what does not depend on ids that are yet to come.
    fn is_env_right(&self, here: &Here, client_id: &str, auth: Auth) -> bool {
        let value = |name: &str| here.variables.get(name).map(String::as_str);
        let credentials = match auth {
            Auth::Key => value("KEY_FILE") == Some(KEY_FILE) && value("CLIENT_SECRET").is_none(),
            Auth::Basic => value("CLIENT_ID") == Some(client_id) && value("KEY_FILE").is_none(),
        };
        value("ZITADEL_DOMAIN").is_some() && credentials
    }

    pub(super) fn refuse(&mut self, why: String) {
        self.refused.push(why);
    }
}
