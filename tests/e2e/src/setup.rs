//! Environment variables of the API.

use std::{collections::BTreeMap, io::Write};

use tempfile::NamedTempFile;
use zitadel_double::{NewUser, ZitadelDouble};

/// Environment variables; the system chooses the port.
#[derive(Clone, Debug)]
pub struct Environment(BTreeMap<String, String>);

impl Default for Environment {
    fn default() -> Self {
        Self(BTreeMap::new()).with("APP_SERVER__LISTEN", "127.0.0.1:0")
    }
}

impl Environment {
    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Returns the variables by name.
    #[must_use]
    pub fn into_variables(self) -> BTreeMap<String, String> {
        self.0
    }
}

/// Returns the environment with `CLIENT_ID` and `CLIENT_SECRET`, as in the Python example.
#[must_use]
pub fn with_client_secret(double: &ZitadelDouble) -> Environment {
    Environment::default()
        .with("ZITADEL_DOMAIN", double.issuer())
        .with("CLIENT_ID", double.client_id().as_str())
        .with("CLIENT_SECRET", &double.client_secret())
}

/// Returns the environment with `KEY_FILE`, and that file, which must outlive the API's start.
///
/// # Panics
/// If the file cannot be written.
#[must_use]
#[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
pub fn with_key_file(double: &ZitadelDouble) -> (Environment, NamedTempFile) {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(double.key_json().as_bytes()).expect("a written file");
    let environment = Environment::default()
        .with("ZITADEL_DOMAIN", double.issuer())
        .with("KEY_FILE", &file.path().display().to_string());
    (environment, file)
}

/// Returns an access token of a user with the role `read:messages`.
#[must_use]
pub fn reader(double: &ZitadelDouble) -> String {
    let user = double.add_user(NewUser::service("reader"));
    double.grant(&user, "read:messages");
    double.pat(&user)
}
