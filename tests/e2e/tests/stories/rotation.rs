//! Credentials are replaced while the API runs.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tests::{Api, Environment};
use tokio::{sync::watch, task::JoinSet, time::Instant};
use zitadel_double::{AppState, KeyId, NewUser, Violation, ZitadelDouble};

/// Bound on a step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn token(double: &ZitadelDouble) -> String {
    double.pat(&double.add_user(NewUser::service("svc")))
}

fn environment(double: &ZitadelDouble, files: &[(&str, &Path)]) -> Environment {
    let domain = Environment::default().with("ZITADEL_DOMAIN", double.issuer());
    files.iter().fold(domain, |all, (name, file)| all.with(name, file.to_str().unwrap()))
}

/// Replaces a file in one step, as a rotation should.
fn replace(file: &Path, content: &str) {
    let new = file.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, file).unwrap();
}

/// Takes the violations, which must all be refused credentials, and returns their number.
fn refusals(double: &ZitadelDouble) -> usize {
    let violations = double.take_violations();
    for violation in &violations {
        assert!(matches!(violation, Violation::ClientRefused { .. }), "{violation}");
    }
    violations.len()
}

/// Waits for a 200.
async fn is_let_in(api: &Api, token: &str) {
    let began = Instant::now();
    while api.get("/api/private", token).await.status != 200 {
        assert!(began.elapsed() < PATIENCE, "nobody is let in");
        tokio::task::yield_now().await;
    }
}

/// Continuous requests of several clients, with their failures.
struct Load {
    stop: watch::Sender<bool>,
    clients: JoinSet<(usize, Vec<String>)>,
}

impl Load {
    fn on(api: &Api, double: &ZitadelDouble) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut clients = JoinSet::new();
        for client in 0..8 {
            let token = double.pat(&double.add_user(NewUser::service(&format!("svc-{client}"))));
            let request = api.client().get(api.url("/api/private")).bearer_auth(token);
            let stopped = stopped.clone();
            clients.spawn(async move {
                let (mut let_in, mut failed) = (0, Vec::new());
                while !*stopped.borrow() {
                    match request.try_clone().unwrap().send().await {
                        Ok(answer) if answer.status() == 200 => let_in += 1,
                        other => failed.push(format!("{other:?}")),
                    }
                }
                (let_in, failed)
            });
        }
        Self { stop, clients }
    }

    /// Stops the load, and asserts that no request failed.
    async fn all_were_let_in(self) {
        self.stop.send_replace(true);
        let mut total = 0;
        for (let_in, failed) in self.clients.join_all().await {
            assert!(failed.is_empty(), "{failed:?}");
            total += let_in;
        }
        assert!(total > 100, "only {total} requests: is this a load?");
    }
}

/// Waits until the double gets requests with that key.
async fn is_used(double: &ZitadelDouble, key: &KeyId) {
    let began = Instant::now();
    loop {
        double.wait_for_introspections(double.introspections() + 1).await;
        if double.requests().iter().any(|request| request.key_id.as_ref() == Some(key)) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the new key is not used");
    }
}

#[tokio::test]
async fn with_two_live_keys_no_request_fails_and_nobody_is_refused() {
    let double = ZitadelDouble::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.json");
    let (first, json) = double.add_key(double.key_client_id());
    replace(&file, &json);
    let api = Api::start(environment(&double, &[("KEY_FILE", &file)])).await;
    assert_eq!(api.get("/api/private", &token(&double)).await.status, 200);
    let load = Load::on(&api, &double);
    let (second, json) = double.add_key(double.key_client_id());
    replace(&file, &json);
    // Within five seconds, without a signal.
    is_used(&double, &second).await;
    // Earlier requests are answered before the double gets a hundred more.
    double.reset_counts();
    double.wait_for_introspections(100).await;
    double.remove_key(double.key_client_id(), &first);
    double.wait_for_introspections(200).await;
    load.all_were_let_in().await;
    assert_eq!(refusals(&double), 0);
}

#[tokio::test]
async fn a_key_that_is_removed_before_the_next_look_fails_no_request_either() {
    let double = ZitadelDouble::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.json");
    let (first, json) = double.add_key(double.key_client_id());
    replace(&file, &json);
    let api = Api::start(environment(&double, &[("KEY_FILE", &file)])).await;
    assert_eq!(api.get("/api/private", &token(&double)).await.status, 200);
    let load = Load::on(&api, &double);
    double.wait_for_introspections(50).await;
    let (_, json) = double.add_key(double.key_client_id());
    replace(&file, &json);
    double.remove_key(double.key_client_id(), &first);
    double.reset_counts();
    double.wait_for_introspections(100).await;
    load.all_were_let_in().await;
    assert!(refusals(&double) > 0, "the first key was not in use any more");
}

#[tokio::test]
async fn a_secret_that_zitadel_has_replaced_is_503_until_the_file_has_the_new_one() {
    let double = ZitadelDouble::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    replace(&file, &double.client_secret());
    let files = [("APP_ZITADEL__CLIENT_SECRET_FILE", file.as_path())];
    let environment = environment(&double, &files).with("CLIENT_ID", double.client_id().as_str());
    let api = Api::start(environment).await;
    let token = token(&double);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    let new = double.regenerate_client_secret(double.client_id());
    for _ in 0..10 {
        let answer = api.get("/api/private", &token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "introspection_unavailable"));
        assert_eq!((answer.challenge, answer.retry_after.as_deref()), (None, Some("1")));
    }
    assert!(refusals(&double) > 0);
    replace(&file, &format!("{new}\n"));
    is_let_in(&api, &token).await;
    refusals(&double);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    assert_eq!(refusals(&double), 0);
}

/// Directory like a secret mounted by Kubernetes: each file is a link into `..data`, which links to
/// one version's directory.
struct Mount(TempDir);

impl Mount {
    fn new(files: &[(&str, &str)]) -> Self {
        let mount = Self(tempfile::tempdir().unwrap());
        mount.swap("..2026_a", files);
        for (name, _) in files {
            symlink(Path::new("..data").join(name), mount.file(name)).unwrap();
        }
        mount
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a version to a new directory, replaces the link, then removes the old version.
    fn swap(&self, version: &str, files: &[(&str, &str)]) {
        let directory = self.file(version);
        fs::create_dir(&directory).unwrap();
        for (name, content) in files {
            fs::write(directory.join(name), content).unwrap();
        }
        let old = fs::read_link(self.file("..data")).ok();
        symlink(version, self.file("..data_tmp")).unwrap();
        fs::rename(self.file("..data_tmp"), self.file("..data")).unwrap();
        if let Some(old) = old {
            fs::remove_dir_all(self.0.path().join(old)).unwrap();
        }
    }
}

#[tokio::test]
async fn a_mounted_secret_of_kubernetes_is_followed_through_its_links() {
    let double = ZitadelDouble::start().await;
    let (first, json) = double.add_key(double.key_client_id());
    let mount = Mount::new(&[("key.json", &json)]);
    let api = Api::start(environment(&double, &[("KEY_FILE", &mount.file("key.json"))])).await;
    let token = token(&double);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    for version in ["..2026_b", "..2026_c"] {
        let (key, json) = double.add_key(double.key_client_id());
        mount.swap(version, &[("key.json", &json)]);
        api.read_credentials_again().await;
        assert_eq!(api.get("/api/private", &token).await.status, 200);
        assert_eq!(double.requests().pop().unwrap().key_id, Some(key), "{version}");
    }
    double.remove_key(double.key_client_id(), &first);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_used_leaves_the_old_credentials_in_use() {
    let double = ZitadelDouble::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.json");
    let (first, good) = double.add_key(double.key_client_id());
    replace(&file, &good);
    let api = Api::start(environment(&double, &[("KEY_FILE", &file)])).await;
    let token = token(&double);
    let half = good.get(..good.len() / 2).unwrap();
    for broken in ["", "{", half, &good.replace("\"application\"", "\"serviceaccount\"")] {
        replace(&file, broken);
        api.read_credentials_again().await;
        assert_eq!(api.get("/api/private", &token).await.status, 200);
    }
    fs::remove_file(&file).unwrap();
    api.read_credentials_again().await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    fs::create_dir(&file).unwrap();
    api.read_credentials_again().await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    assert_eq!(double.requests().pop().unwrap().key_id, Some(first));
    fs::remove_dir(&file).unwrap();
    let (second, json) = double.add_key(double.key_client_id());
    replace(&file, &json);
    api.read_credentials_again().await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    assert_eq!(double.requests().pop().unwrap().key_id, Some(second));
}

#[tokio::test]
async fn id_and_secret_move_to_a_second_application_together() {
    let double = ZitadelDouble::start().await;
    let (second, second_secret) = double.add_secret_app(double.project_id());
    let first = [
        ("client_id", double.client_id().as_str().to_owned()),
        ("client_secret", double.client_secret()),
    ];
    let first: Vec<_> = first.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mount = Mount::new(&first);
    let (id, secret) = (mount.file("client_id"), mount.file("client_secret"));
    let files = [
        ("APP_ZITADEL__CLIENT_ID_FILE", id.as_path()),
        ("APP_ZITADEL__CLIENT_SECRET_FILE", secret.as_path()),
    ];
    let api = Api::start(environment(&double, &files)).await;
    let token = token(&double);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    let load = Load::on(&api, &double);
    double.wait_for_introspections(50).await;
    let both = [("client_id", second.as_str()), ("client_secret", second_secret.as_str())];
    mount.swap("..2026_b", &both);
    api.read_credentials_again().await;
    double.set_app_state(double.client_id(), AppState::Deactivated);
    double.reset_counts();
    double.wait_for_introspections(100).await;
    load.all_were_let_in().await;
    assert_eq!(refusals(&double), 0);
}

#[tokio::test]
async fn half_a_change_is_over_when_the_other_half_is_there() {
    let double = ZitadelDouble::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let (second, second_secret) = double.add_secret_app(double.project_id());
    replace(&file("client_id"), double.client_id().as_str());
    replace(&file("client_secret"), &double.client_secret());
    let (id, secret) = (file("client_id"), file("client_secret"));
    let files = [
        ("APP_ZITADEL__CLIENT_ID_FILE", id.as_path()),
        ("APP_ZITADEL__CLIENT_SECRET_FILE", secret.as_path()),
    ];
    let api = Api::start(environment(&double, &files)).await;
    let token = token(&double);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    replace(&id, second.as_str());
    api.read_credentials_again().await;
    for _ in 0..10 {
        assert_eq!(api.get("/api/private", &token).await.status, 503);
    }
    replace(&secret, &second_secret);
    is_let_in(&api, &token).await;
    refusals(&double);
}
