//! Credentials whose files may change while the API runs.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use crate::ShownPath;

use super::{
    AuthenticationSource, ClientAuthentication, CredentialError, NamedIssuer,
    client_credentials::{Parsed, Written},
};

/// Reads the files again at each look, and compares their contents: neither times nor link targets
/// tell whether a mounted secret was swapped. Contents that cannot be used change nothing, and are
/// warned of once.
pub(super) struct CredentialFiles {
    written: Arc<Written>,
    /// Result of the last look.
    seen: Result<Arc<Written>, CredentialError>,
    issuer: NamedIssuer,
}

impl CredentialFiles {
    /// Watches the files of `written`, which is in use.
    pub(super) fn new(written: Written, issuer: NamedIssuer) -> Self {
        let written = Arc::new(written);
        Self { seen: Ok(Arc::clone(&written)), written, issuer }
    }

    fn take(&mut self, found: Result<Written, CredentialError>) -> Option<ClientAuthentication> {
        let found = found.map(Arc::new);
        if found == self.seen {
            return None;
        }
        let before = std::mem::replace(&mut self.seen, found.clone());
        match found.and_then(|written| Ok((written.parse()?, written))) {
            Ok((parsed, written)) => {
                for (setting, file) in changed(before.ok().as_deref(), &written) {
                    replaced(setting, file, &parsed);
                }
                Some(ClientAuthentication::of(parsed, &self.issuer))
            }
            Err(CredentialError { setting, file, problem }) => {
                let file = ShownPath(file.as_deref().unwrap_or(Path::new("")));
                warn!(
                    setting, %file, problem,
                    "the credentials stay as they were: the file cannot be used",
                );
                None
            }
        }
    }
}

#[async_trait]
impl AuthenticationSource for CredentialFiles {
    async fn changed(&mut self) -> Option<ClientAuthentication> {
        let written = Arc::clone(&self.written);
        // A runtime that is shutting down reads nothing.
        let found = spawn_blocking(move || written.read_again()).await.ok()?;
        self.take(found)
    }
}

/// Returns the files whose contents differ from `before`, or all if `before` is `None`.
fn changed<'a>(
    before: Option<&'a Written>,
    now: &'a Written,
) -> impl Iterator<Item = (&'static str, &'a Path)> {
    let mut before = before.map(Written::in_files);
    now.in_files().filter_map(move |(setting, file, text)| {
        let old = before.as_mut().and_then(Iterator::next);
        let same = old.is_some_and(|(.., old)| old.expose_secret() == text.expose_secret());
        (!same).then_some((setting, file))
    })
}

fn replaced(setting: &str, file: &Path, parsed: &Parsed) {
    let file = file.display();
    match parsed {
        Parsed::ClientSecret { client_id, .. } => {
            info!(setting, %file, %client_id, "credentials replaced: the file was read again");
        }
        Parsed::PrivateKey(key) => {
            let (client_id, key_id) = (key.client_id(), key.key_id());
            info!(setting, %file, %client_id, key_id, "credentials replaced: the file was read again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        fs,
        os::unix::fs::symlink,
        process::Command,
        sync::atomic::{AtomicBool, Ordering},
        thread,
        time::Duration,
    };

    use tempfile::TempDir;

    use super::*;
    use crate::zitadel::{ClientCredentials, CredentialText, CurrentAuthentication};

    /// Directory as Kubernetes mounts a secret, with a client id and its secret.
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

        /// Replaces both by another version in one step.
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

        /// Returns the credentials as configured.
        fn written(&self) -> Written {
            let file = |setting, name| CredentialText::file(setting, self.0.path().join(name));
            let id = file("zitadel.client_id_file", "id").unwrap();
            let secret = file("zitadel.client_secret_file", "secret").unwrap();
            ClientCredentials::from_secret(id, secret).unwrap().written
        }

        fn files(&self) -> CredentialFiles {
            let issuer = domain::Issuer::parse("https://auth.example.com").unwrap();
            CredentialFiles::new(self.written(), issuer.into())
        }
    }

    fn id_and_secret(parsed: Parsed) -> (String, String) {
        match parsed {
            Parsed::ClientSecret { client_id, client_secret } => {
                (client_id.to_string(), client_secret.expose_secret().to_owned())
            }
            Parsed::PrivateKey(key) => panic!("it is {key:?}"),
        }
    }

    #[tokio::test]
    async fn a_look_sees_what_the_files_say_and_nothing_else() {
        let mount = Mount::new();
        let mut files = mount.files();
        assert!(files.changed().await.is_none());
        mount.swap(1);
        assert!(files.changed().await.is_some());
        assert!(files.changed().await.is_none());
        // Another file with another time, and the same content.
        mount.write("secret", "secret-1");
        assert!(files.changed().await.is_none());
        mount.write("secret", "secret-2");
        assert!(files.changed().await.is_some());
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_no_change_and_its_end_is_one() {
        let mount = Mount::new();
        let mut files = mount.files();
        mount.write("secret", "");
        assert!(files.changed().await.is_none());
        fs::remove_file(mount.0.path().join("secret")).unwrap();
        assert!(files.changed().await.is_none());
        mount.write("secret", "secret-0");
        assert!(files.changed().await.is_some());
        assert!(files.changed().await.is_none());
    }

    fn hang(path: &Path) {
        fs::remove_file(path).unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    /// Without a bound, a look that waits for a hanging file would be the last one.
    #[tokio::test]
    async fn a_file_that_hangs_does_not_end_the_rotation() {
        for hanging in ["id", "secret"] {
            let mount = Mount::new();
            let mut files = mount.files();
            let path = mount.0.path().join(hanging);
            hang(&path);
            for _ in 0..3 {
                assert!(files.changed().await.is_none());
                let error = files.seen.clone().unwrap_err();
                assert!(error.problem.contains("does not come to an end"), "{error}");
            }
            // The mount works again.
            fs::write(&path, "as it was").unwrap();
            fs::remove_file(&path).unwrap();
            mount.write(hanging, "another");
            let looks = async {
                while files.changed().await.is_none() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), looks).await.unwrap();
        }
    }

    /// A hanging file is no reason to wait, nor to blame ZITADEL.
    #[tokio::test]
    async fn a_refused_caller_does_not_wait_for_a_file_that_hangs() {
        let mount = Mount::new();
        let issuer = domain::Issuer::parse("https://auth.example.com").unwrap();
        let written = mount.written();
        let authentication =
            ClientAuthentication::of(written.parse().unwrap(), &issuer.clone().into());
        let files = CredentialFiles::new(written, issuer.into());
        let current = CurrentAuthentication::from_source(authentication, files);
        hang(&mount.0.path().join("secret"));
        let refused = current.current();
        let shown = refused.credentials().unwrap();
        for _ in 0..1_000 {
            let look = current.after_refusal(&refused, &shown);
            assert!(tokio::time::timeout(Duration::from_secs(60), look).await.unwrap().is_none());
        }
    }

    #[test]
    fn two_files_that_are_swapped_together_are_never_read_as_a_mixture() {
        let mount = Mount::new();
        let written = mount.written();
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
                let read = written.read_again().unwrap().parse().unwrap();
                let (id, secret) = id_and_secret(read);
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
        let before = mount.written();
        let settings = |before: Option<&Written>, now: &Written| -> Vec<_> {
            changed(before, now).map(|(setting, _)| setting).collect()
        };
        mount.write("secret", "another");
        let now = before.read_again().unwrap();
        assert_eq!(settings(Some(&before), &now), ["zitadel.client_secret_file"]);
        let both = ["zitadel.client_id_file", "zitadel.client_secret_file"];
        assert_eq!(settings(None, &now), both);
        mount.swap(1);
        fs::remove_file(mount.0.path().join("secret")).unwrap();
        mount.write("secret", "a third");
        assert_eq!(settings(Some(&now), &now.read_again().unwrap()), both);
    }
}
