//! Shows configured paths in messages, unless they may be secrets configured by mistake.

use std::{
    fmt,
    path::{Component, Path, PathBuf},
};

/// A path for messages. It is written only if it looks like a path: a setting may contain a secret
/// by mistake.
#[derive(Clone, Copy)]
pub struct ShownPath<'a>(pub &'a Path);

/// File extensions that no secret ends with.
const ENDINGS: [&str; 9] = ["json", "txt", "pem", "crt", "cer", "key", "toml", "conf", "env"];

impl ShownPath<'_> {
    /// Returns whether this path is short and plain, and has an extension of [`ENDINGS`] or a first
    /// directory that exists.
    fn looks_like_path(self) -> bool {
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+@ ".contains(c);
        let Some(text) = self.0.to_str() else { return false };
        if text.len() > 1024 || !text.chars().all(is_plain) {
            return false;
        }
        let ends = self.0.extension().and_then(|ending| ending.to_str());
        if ends.is_some_and(|ending| ENDINGS.contains(&ending)) {
            return true;
        }
        // Only a named directory counts: `/` and `.` may begin a secret.
        let mut first = PathBuf::new();
        let mut parts = self.0.components();
        let named = parts.any(|part| {
            first.push(part);
            matches!(part, Component::Normal(_) | Component::ParentDir)
        });
        named && parts.next().is_some() && first.is_dir()
    }
}

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.looks_like_path() {
            self.0.display().fmt(f)
        } else {
            f.write_str("(its value is not shown, for it does not look like the path of a file)")
        }
    }
}

impl fmt::Debug for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_and_a_secret_in_its_place_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let there = directory.path().join("no-such-file");
        for path in [
            there.to_str().unwrap(),
            "key.json",
            "secrets/client-secret.txt",
            "/run/no/such/ca.pem",
            "/tmp/no-such-file",
            "../no-such-file",
            "src/no such file",
        ] {
            assert_eq!(ShownPath(Path::new(path)).to_string(), path);
        }
        let long = "a".repeat(100_000) + ".json";
        for secret in [
            "topsecret",
            "./topsecret",
            "/topsecret",
            "/9j4AAQSkZJRg/abc+def==",
            "AB/cd+ef/",
            "eyJhbGciOi.eyJpc3MiOi.c2lnbmF0",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE/abc\n-----END RSA PRIVATE KEY-----",
            r#"{"type":"application","keyId":"1","key":"top/secret"}"#,
            "/tmp/\"top\"secret",
            "",
            "top\0secret",
            &long,
        ] {
            let shown = ShownPath(Path::new(secret));
            assert!(
                format!("{shown} {shown:?}").starts_with("(its value is not shown"),
                "{secret}"
            );
        }
    }
}
