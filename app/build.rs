//! Puts the current commit into the version that `--version` prints.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let version = match commit() {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    // Cargo also sets this variable when the program runs, where a name with APP_ would be taken
    // for a setting.
    println!("cargo::rustc-env=VERSION_WITH_COMMIT={version}");
}

/// Returns the short id of the current commit. `None` without git, or if these files are not in
/// this project's own repository, as in an unpacked archive.
fn commit() -> Option<String> {
    if git(&["rev-parse", "--show-prefix"])? != "app/" {
        return None;
    }
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    // A commit changes the branch's file, or, where branches are packed, only the log of HEAD.
    // Cargo runs this at every build if a named file does not exist.
    for name in ["HEAD", "logs/HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim_end().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
