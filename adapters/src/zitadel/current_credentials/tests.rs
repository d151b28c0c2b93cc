use std::{
    collections::HashSet,
    fs,
    os::unix::fs::symlink,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use domain::Issuer;
use tempfile::TempDir;
use tokio::{
    task::JoinSet,
    time::{Instant, advance},
};

use super::*;
use crate::SystemClock;

const NEVER_THE_SAME: &str = "/proc/sys/kernel/random/uuid";

fn in_use(credentials: ClientCredentials) -> CurrentCredentials {
    let issuer = Issuer::parse("https://auth.example.com").unwrap();
    CurrentCredentials::new(credentials, issuer, Arc::new(SystemClock))
}

fn never_the_same() -> Arc<CurrentCredentials> {
    Arc::new(in_use(ClientCredentials::client_secret_file("id", NEVER_THE_SAME).unwrap()))
}

/// Directory with a client id and its secret, laid out as Kubernetes mounts a secret.
struct Mount(TempDir);

impl Mount {
    fn new() -> Self {
        let mount = Self(tempfile::tempdir().unwrap());
        mount.swap(0);
        for name in ["id", "secret"] {
            symlink(Path::new("..data").join(name), mount.0.path().join(name)).unwrap();
        }
        mount
    }

    /// Replaces client id and secret in one step by those of another version.
    fn swap(&self, version: usize) {
        let at = |name: &str| self.0.path().join(name);
        let directory = at(&format!("..{version}"));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("id"), format!("id-{version}\n")).unwrap();
        fs::write(directory.join("secret"), format!("secret-{version}\n")).unwrap();
        symlink(&directory, at("..new")).unwrap();
        fs::rename(at("..new"), at("..data")).unwrap();
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn credentials(&self) -> ClientCredentials {
        let file = |setting, name| CredentialText::file(setting, self.0.path().join(name));
        let id = file("zitadel.client_id_file", "id").unwrap();
        let secret = file("zitadel.client_secret_file", "secret").unwrap();
        ClientCredentials::from_secret(id, secret).unwrap()
    }

    fn in_use(&self) -> CurrentCredentials {
        in_use(self.credentials())
    }
}

#[tokio::test(start_paused = true)]
async fn the_files_are_looked_at_every_five_seconds_until_nobody_needs_them() {
    let current = never_the_same();
    let looking = tokio::spawn(current.look_regularly());
    let began = Instant::now();
    for looks in 1..=3 {
        let before = current.current();
        while Arc::ptr_eq(&before, &current.current()) {
            assert!(began.elapsed() < Duration::from_mins(1), "nobody looks");
            sleep(Duration::from_millis(1)).await;
        }
        let expected = Duration::from_secs(5) * looks;
        assert!(began.elapsed().abs_diff(expected) < Duration::from_millis(10) * looks);
    }
    drop(current);
    timeout(Duration::from_mins(1), looking).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_reason_to_look_and_the_first_of_many_looks_for_all() {
    let current = never_the_same();
    let refused = current.current();
    let shown = current.authentication(&refused).unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let (current, refused) = (Arc::clone(&current), Arc::clone(&refused));
        callers.spawn(async move {
            let shown = current.authentication(&refused).unwrap();
            match current.after_refusal(&refused, &shown).await {
                Some(ClientAuthentication::Basic(header)) => header,
                _ => panic!("there is no other secret"),
            }
        });
    }
    let headers: HashSet<_> = callers.join_all().await.into_iter().collect();
    assert_eq!(headers.len(), 1, "each look finds another secret");
    // A late caller, whose credentials were replaced long ago.
    advance(Duration::from_hours(1)).await;
    let replaced = current.current();
    assert!(current.after_refusal(&refused, &shown).await.is_some());
    assert!(Arc::ptr_eq(&replaced, &current.current()));
}

#[tokio::test]
async fn without_a_change_a_refusal_is_final() {
    let mount = Mount::new();
    let by_value = ClientCredentials::client_secret("id", "secret").unwrap();
    for current in [mount.in_use(), in_use(by_value)] {
        let refused = current.current();
        let shown = current.authentication(&refused).unwrap();
        assert!(current.after_refusal(&refused, &shown).await.is_none());
    }
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let mount = Mount::new();
    let current = mount.in_use();
    mount.swap(1);
    assert!(current.look().await);
    let shown = format!("{current:?}");
    assert!(shown.contains("client_secret_basic") && !shown.contains("secret-1"), "{shown}");
}

#[tokio::test]
async fn a_look_sees_what_the_files_say_and_nothing_else() {
    let mount = Mount::new();
    let current = mount.in_use();
    assert!(!current.look().await);
    mount.swap(1);
    assert!(current.look().await);
    assert!(!current.look().await);
    // Another file with another time, and the same content.
    mount.write("secret", "secret-1");
    assert!(!current.look().await);
    mount.write("secret", "secret-2");
    assert!(current.look().await);
}

#[tokio::test]
async fn what_cannot_be_used_is_no_change_and_its_end_is_one() {
    let mount = Mount::new();
    let current = mount.in_use();
    mount.write("secret", "");
    assert!(!current.look().await);
    fs::remove_file(mount.0.path().join("secret")).unwrap();
    assert!(!current.look().await);
    mount.write("secret", "secret-0");
    assert!(current.look().await);
    assert!(!current.look().await);
}

fn hang(path: &Path) {
    fs::remove_file(path).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[tokio::test]
async fn a_file_that_hangs_does_not_end_the_rotation() {
    for hanging in ["id", "secret"] {
        let mount = Mount::new();
        let current = mount.in_use();
        let path = mount.0.path().join(hanging);
        hang(&path);
        for _ in 0..3 {
            assert!(!current.look().await);
            let error = current.seen.lock().await.clone().unwrap_err();
            assert!(error.problem.contains("does not come to an end"), "{error}");
        }
        // The hanging thread reads twice: the second time it must not find the FIFO again.
        let fifo = mount.0.path().join("fifo");
        fs::rename(&path, &fifo).unwrap();
        mount.write(hanging, "another");
        fs::write(&fifo, "as it was").unwrap();
        let looks = async {
            while !current.look().await {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_mins(1), looks).await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_caller_does_not_wait_for_a_file_that_hangs() {
    let mount = Mount::new();
    let current = mount.in_use();
    hang(&mount.0.path().join("secret"));
    let refused = current.current();
    let shown = current.authentication(&refused).unwrap();
    for _ in 0..1_000 {
        let look = current.after_refusal(&refused, &shown);
        assert!(timeout(Duration::from_mins(1), look).await.unwrap().is_none());
    }
}

#[test]
fn two_files_that_are_swapped_together_are_never_read_as_a_mixture() {
    let mount = Mount::new();
    let credentials = mount.credentials();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut version = 0;
            while !done.load(Ordering::Relaxed) {
                version += 1;
                mount.swap(version);
            }
        });
        let mut versions = HashSet::new();
        let mut mixture = None;
        while versions.len() < 25 && mixture.is_none() {
            let texts = CredentialText::read_again(credentials.texts()).unwrap();
            let [id, secret] = [0, 1].map(|at: usize| texts[at].expose_secret().to_owned());
            if id.replace("id", "secret") != secret {
                mixture = Some((id.clone(), secret));
            }
            versions.insert(id);
        }
        done.store(true, Ordering::Relaxed);
        assert_eq!(mixture, None);
    });
}

#[test]
fn only_the_files_that_changed_are_named() {
    let mount = Mount::new();
    let before = mount.credentials();
    let read_again = || CredentialText::read_again(before.texts()).unwrap();
    let settings = |before: Option<&[CredentialText]>, now: &[CredentialText]| -> Vec<_> {
        changed(before, now).map(|(setting, _)| setting).collect()
    };
    mount.write("secret", "another");
    let now = read_again();
    assert_eq!(settings(Some(before.texts()), &now), ["zitadel.client_secret_file"]);
    let both = ["zitadel.client_id_file", "zitadel.client_secret_file"];
    assert_eq!(settings(None, &now), both);
    mount.swap(1);
    fs::remove_file(mount.0.path().join("secret")).unwrap();
    mount.write("secret", "a third");
    assert_eq!(settings(Some(&now), &read_again()), both);
}
