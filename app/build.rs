//! Tells the program which commit it is built from, for `--version`.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let version = match commit() {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    // Cargo sets it for the program too, where a name with APP_ would be taken for a setting.
    println!("cargo::rustc-env=VERSION_WITH_COMMIT={version}");
}

/// The commit that is checked out; `None` without git, or where this is not a repository of its
/// own, such as an unpacked archive inside somebody else's.
fn commit() -> Option<String> {
    if git(&["rev-parse", "--show-prefix"])? != "app/" {
        return None;
    }
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    // A commit changes the branch's file, or where branches are packed the log of HEAD alone. A
    // file that is not there would make cargo run this at every build.
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
