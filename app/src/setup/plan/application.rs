//! Plan for the API's application and its credentials.

use adapters::zitadel::management::{Application, ApplicationKind};

use super::{Plan, Step, shown};
use crate::setup::{
    args::{AuthMethod, SetupArgs},
    found::Found,
    here::{Here, KEY_FILE, KeyHere},
    target::Target,
    variables::{CLIENT_ID, CLIENT_SECRET},
};

impl Plan {
    pub(super) fn application(
        &mut self,
        args: &SetupArgs,
        target: &Target,
        found: &Found,
        here: &Here,
    ) {
        let misplaced = match target.auth {
            AuthMethod::Key => args.new_secret.then_some("--new-secret"),
            AuthMethod::Basic if args.new_key => Some("--new-key"),
            AuthMethod::Basic => args.renew.then_some("--renew"),
        };
        if let Some(flag) = misplaced {
            let auth = shown(target.auth);
            return self.refuse(format!("{flag} has no meaning with --auth {auth}"));
        }
        let Some(application) = &found.application else {
            self.steps.push(Step::CreateApplication);
            if target.auth == AuthMethod::Key {
                self.new_key(here, None, args.force);
            }
            return;
        };
        let Application { name, id, is_active, kind } = application;
        let locked = here.lock.as_ref().and_then(|lock| lock.application.as_ref());
        // An application that setup made may be renamed.
        let is_named = *name == target.application || locked.is_some_and(|locked| locked.id == *id);
        let client_id = match (kind, target.auth) {
            _ if !is_named => {
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
            (ApplicationKind::Native(_) | ApplicationKind::Other, _) => {
                return self.refuse(format!(
                    "the application {name:?} ({id}) is no API: use another --name, or rename it"
                ));
            }
            (ApplicationKind::Basic { .. }, AuthMethod::Key)
            | (ApplicationKind::Key { .. }, AuthMethod::Basic) => {
                // An application that was changed to a key still accepts its old secret.
                let other = if target.auth == AuthMethod::Key {
                    AuthMethod::Basic
                } else {
                    AuthMethod::Key
                };
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
            AuthMethod::Key => self.key(args, found, here, client_id),
            AuthMethod::Basic => self.secret(args, here, client_id),
        }
    }

    fn key(&mut self, args: &SetupArgs, found: &Found, here: &Here, client_id: &str) {
        let of_this = here.key.as_ref().filter(|key| key.client_id == client_id);
        let is_there = |key: &KeyHere| found.keys.iter().any(|it| it.id == key.key_id);
        match of_this {
            Some(key) if is_there(key) && !args.new_key && !args.renew => {}
            Some(key) if is_there(key) || args.new_key => {
                self.new_key(here, Some(client_id), args.force);
            }
            Some(_) => self.refuse(format!(
                "{KEY_FILE}: ZITADEL does not have this key any more, or it has expired: make another \
                 one with --new-key"
            )),
            None if found.keys.is_empty() || args.new_key => {
                self.new_key(here, Some(client_id), args.force);
            }
            None => {
                let ids: Vec<_> = found.keys.iter().map(|key| key.id.as_str()).collect();
                self.lost.push(format!(
                    "the application has keys of which none is in {KEY_FILE} ({}): copy one here, or \
                     make another one with --new-key",
                    ids.join(", ")
                ));
                self.lacks_credentials = true;
            }
        }
    }

    /// Plans a new key. A key file of another application is overwritten only with `--force`.
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

    fn secret(&mut self, args: &SetupArgs, here: &Here, client_id: &str) {
        let is_of_this = here.variables.get(CLIENT_ID).is_some_and(|id| id == client_id);
        if args.new_secret {
            self.steps.push(Step::GenerateSecret);
        } else if !is_of_this || !here.variables.contains_key(CLIENT_SECRET) {
            self.lost.push(
                "the application has a secret that is not in .env: copy it here, or generate another \
                 one with --new-secret, at which the old one stops at once"
                    .to_owned(),
            );
            self.lacks_credentials = true;
        }
    }
}
