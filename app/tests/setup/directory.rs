//! Test helper: a working directory in which tests run `setup` against a double.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use zitadel_double::{NewUser, ZitadelDouble};

use crate::built::example;

/// Calls that change something at ZITADEL, in the order in which a first run of
/// `setup --callers NAME` sends them.
pub(crate) const MADE: [&str; 7] = [
    "POST /management/v1/projects",
    "POST /management/v1/projects/{}/roles/_bulk",
    "POST /management/v1/projects/{}/apps/api",
    "POST /management/v1/projects/{}/apps/{}/keys",
    "POST /management/v1/users/machine",
    "POST /management/v1/users/{}/grants",
    "POST /management/v1/users/{}/pats",
];

/// Working directory with the administrator's token in `admin.pat`, and the double that `setup`
/// calls.
pub(crate) struct Directory {
    pub(crate) double: ZitadelDouble,
    administrator: String,
    place: tempfile::TempDir,
}

/// Result of a finished run of a command.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Calls that changed something at ZITADEL during the run: HTTP method and path, with `{}` for
    /// ids.
    pub(crate) changes: Vec<String>,
}

impl Ended {
    /// Returns exit status and all output, for the message of a failing assertion.
    pub(crate) fn said(&self) -> String {
        format!("{:?}\n{}{}", self.status, self.stdout, self.stderr)
    }
}

impl Directory {
    pub(crate) async fn new() -> Self {
        Self::beside(ZitadelDouble::start().await)
    }

    pub(crate) fn beside(double: ZitadelDouble) -> Self {
        let place = tempfile::tempdir().unwrap();
        let administrator = double.administrator();
        fs::write(place.path().join("admin.pat"), format!("{administrator}\n")).unwrap();
        Self { double, administrator, place }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Returns the directory's files by name, with their contents, without `admin.pat`.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.place.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let files = names.filter(|name| name != "admin.pat" && self.path(name).is_file());
        files.map(|name| (name.clone(), self.text(&name))).collect()
    }

    /// Runs `setup` for the project Messages with these arguments, without a prompt for
    /// confirmation.
    pub(crate) fn setup(&self, arguments: &str) -> Ended {
        self.setup_as("admin.pat", &format!("--name Messages --yes {arguments}"))
    }

    /// Runs `setup` with the token in `token_file` and only these arguments.
    pub(crate) fn setup_as(&self, token_file: &str, arguments: &str) -> Ended {
        self.run(self.command(self.double.issuer(), token_file, arguments))
    }

    /// Runs `setup` from the shell command `line`, such as `cd sub && exec "$@"`, in which `"$@"`
    /// stands for the `setup` command.
    pub(crate) fn setup_by(&self, line: &str, arguments: &str) -> Ended {
        let arguments = format!("--name Messages --yes {arguments}");
        let token_file = self.path("admin.pat");
        let inner = self.command(self.double.issuer(), token_file.to_str().unwrap(), &arguments);
        let mut command = Command::new("sh");
        command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.place.path()).args(["-c", line, "sh"]);
        command.arg(inner.get_program()).args(inner.get_args());
        self.run(command)
    }

    pub(crate) fn command(&self, domain: &str, token_file: &str, arguments: &str) -> Command {
        let mut command = Command::new(example("three_routes"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(self.place.path())
            .args(["setup", "--domain", domain, "--token-file", token_file])
            .args(arguments.split_whitespace());
        command
    }

    /// Asserts that `setup` prints `why`, changes nothing and exits with 1.
    #[track_caller]
    pub(crate) fn refuses(&self, arguments: &str, why: &str) {
        self.ends(arguments, Some(1), why);
    }

    /// Asserts that `setup` prints `says`, changes nothing and exits with this status.
    #[track_caller]
    pub(crate) fn ends(&self, arguments: &str, status: Option<i32>, says: &str) {
        let before = self.files();
        let ended = self.setup(arguments);
        assert_eq!((ended.status, ended.changes.len()), (status, 0), "{}", ended.said());
        assert!(ended.said().contains(says), "{}", ended.said());
        assert_eq!(self.files(), before);
    }

    pub(crate) fn run(&self, mut command: Command) -> Ended {
        let before = self.double.requests().len();
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ended = Ended {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            changes: self.changes().split_off(0).into_iter().skip(before).flatten().collect(),
        };
        self.assert_no_secret(&ended);
        ended
    }

    /// Returns an entry for each request to the double: method and path if it changes something,
    /// else `None`.
    fn changes(&self) -> Vec<Option<String>> {
        let requests = self.double.requests();
        let change = |request: &zitadel_double::RecordedRequest| {
            let path = &request.path;
            let is_managed =
                path.starts_with("/management/v1/") || path.starts_with("/admin/v1/members");
            let is_change = is_managed && request.method != "GET" && !path.ends_with("/_search");
            is_change.then(|| {
                let is_id =
                    |part: &str| part.len() > 10 && part.bytes().all(|b| b.is_ascii_digit());
                let parts = path.split('/').map(|part| if is_id(part) { "{}" } else { part });
                format!("{} {}", request.method, parts.collect::<Vec<_>>().join("/"))
            })
        };
        requests.iter().map(change).collect()
    }

    fn assert_no_secret(&self, ended: &Ended) {
        let mut secrets = vec![self.administrator.clone()];
        for (name, text) in self.files() {
            if Path::new(&name).extension().is_some_and(|extension| extension == "pat") {
                secrets.push(text.trim().to_owned());
            }
            if name == "key.json" {
                secrets.extend(text.split("\\n").nth(1).map(str::to_owned));
            }
            if let Some((_, secret)) = text.split_once("CLIENT_SECRET=") {
                secrets.push(secret.lines().next().unwrap().to_owned());
            }
        }
        for secret in secrets.iter().filter(|secret| secret.len() > 10) {
            assert!(!ended.said().contains(secret), "{}", ended.said());
        }
    }

    /// Calls ZITADEL's management API as the administrator, and returns the response.
    pub(crate) async fn manage(&self, method: &str, path: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .request(method, format!("{}{path}", self.double.issuer()))
            .bearer_auth(&self.administrator)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Creates an object at ZITADEL by a POST. Returns the response's member whose name is `id`,
    /// such as `appId`.
    pub(crate) async fn create(&self, path: &str, body: Value, id: &str) -> String {
        self.manage("POST", path, body).await[id].as_str().unwrap().to_owned()
    }

    /// Creates a service user and writes its token to `file`. With `role`, the user is a manager of
    /// the organization.
    pub(crate) async fn manager(&self, file: &str, role: Option<&str>) {
        let user = self.double.add_user(NewUser::service(file));
        if let Some(role) = role {
            let body = json!({ "userId": user.as_str(), "roles": [role] });
            self.manage("POST", "/management/v1/orgs/me/members", body).await;
        }
        self.write(file, &self.double.pat(&user));
    }

    pub(crate) async fn create_project(&self, name: &str) -> String {
        self.create("/management/v1/projects", json!({ "name": name }), "id").await
    }

    /// Creates an API application that authenticates by a key, and returns its id.
    pub(crate) async fn create_application(&self, project: &str, name: &str) -> String {
        let path = format!("/management/v1/projects/{project}/apps/api");
        let method = "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT";
        self.create(&path, json!({ "name": name, "authMethodType": method }), "appId").await
    }

    pub(crate) async fn client_id(&self, project: &str) -> String {
        let path = format!("/management/v1/projects/{project}/apps/_search");
        let found = self.manage("POST", &path, json!({})).await;
        found["result"][0]["apiConfig"]["clientId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn lock(&self) -> Value {
        serde_json::from_str(&self.text("setup.lock.json")).unwrap()
    }
}
