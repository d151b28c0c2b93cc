//! Packages of the npm registry.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Installs the packages of a directory's current lock file once, and returns their path.
///
/// # Panics
/// If they cannot be installed.
#[must_use]
#[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
pub fn node_modules(directory: &str) -> PathBuf {
    // Concurrent installations would interfere.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let modules = directory.join("node_modules");
    let mark = modules.join(".installed-lock.json");
    let lock = fs::read(directory.join("package-lock.json")).expect("a lock file");
    if fs::read(&mark).ok().as_ref() != Some(&lock) {
        npm_ci(&directory);
        fs::write(mark, lock).expect("a mark");
    }
    modules
}

/// Runs `npm ci` in a directory.
pub(crate) fn npm_ci(directory: &Path) {
    let npm =
        std::process::Command::new("npm").args(["ci", "--silent"]).current_dir(directory).status();
    assert!(npm.is_ok_and(|status| status.success()), "npm ci failed: is npm installed?");
}
