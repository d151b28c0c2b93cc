//! ZITADEL's console, for the page's steps there.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use zitadel_double::{KeyId, NewUser, UserId, ZitadelDouble};

/// A user's steps at the console, and the secrets that it showed once.
pub(crate) struct Console {
    user: UserId,
    key: Option<KeyId>,
    /// Variables of the page with their secrets.
    pub(crate) shown: Vec<(&'static str, String)>,
}

impl Console {
    /// Carries out the page's first section.
    pub(crate) fn new(double: &ZitadelDouble) -> Self {
        let user = double.add_user(NewUser::service("caller"));
        double.grant(&user, "read:messages");
        let shown = vec![("API_CLIENT_SECRET", double.client_secret()), ("PAT", double.pat(&user))];
        Self { user, key: None, shown }
    }

    /// Carries out the prose before a block, and saves files in `home`.
    pub(crate) fn follow(&mut self, words: &str, double: &ZitadelDouble, home: &Path) {
        let save = |name: &str, text: String| fs::write(home.join(name), text).unwrap();
        for told in words.split("**Console:**").skip(1) {
            if told.contains("create a client secret") {
                let secret = client_secret(double, &self.user);
                self.shown.push(("SVC_SECRET", secret));
            } else if told.contains("remove the role assignment") {
                double.ungrant(&self.user, "read:messages");
            } else if told.contains("save it as `key.json` here") {
                let (key, file) = double.add_key(double.key_client_id());
                self.key = Some(key);
                save("key.json", file);
            } else if told.contains("save it as `key.json.new`") {
                save("key.json.new", double.add_key(double.key_client_id()).1);
            } else if told.contains("saved as `reader_token`") {
                // The page deletes the old key here.
                double.remove_key(double.key_client_id(), self.key.as_ref().unwrap());
                save("reader_token", double.event_reader());
            } else if told.contains("delete the token at the service user") {
                double.remove_pat(&self.shown.iter().find(|(name, _)| *name == "PAT").unwrap().1);
            }
        }
    }
}

/// Creates a service user's client secret by the double's management API.
fn client_secret(double: &ZitadelDouble, user: &UserId) -> String {
    let url = format!("{}/management/v1/users/{user}/secret", double.issuer());
    let output = Command::new("curl")
        .args(["-sS", "--fail-with-body", "-X", "PUT", "--data", "{}"])
        .args(["-H", "Content-Type: application/json", "-H"])
        .arg(format!("Authorization: Bearer {}", double.administrator()))
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    answer.get("clientSecret").unwrap().as_str().unwrap().to_owned()
}
