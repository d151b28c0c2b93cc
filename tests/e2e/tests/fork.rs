//! A fork: the README's code blocks in a copy of this repository, and that copy's tests.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use zitadel_double::ZitadelDouble;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Parts of the names of tests that a fork skips. Together they take minutes, and they use no route
/// of the demo, so a fork cannot break them.
const OF_NO_ROUTE: [&str; 21] = [
    "changes::",
    "changes_",
    "change_feed_",
    "inactive_doubted::",
    "webhook::",
    "webhooks::",
    "leavers::",
    "limits::",
    "stalls::",
    "steady::",
    "mcp_streams::",
    "open_streams::",
    "http2_floods::",
    "half_way::",
    "lost::",
    "managers::",
    "removal::",
    "callers::",
    "credentials::",
    "observed::",
    "witness::",
];
/// Test modules that compare pages with files of the fork.
const OF_PAGES: [&str; 3] = ["documentation::", "tour::", "wishes::"];

/// Copy of the files that git tracks.
struct Fork(TempDir);

impl Fork {
    fn new() -> Self {
        let fork = tempfile::tempdir().unwrap();
        let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
        let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
        for file in listed.split('\0').filter(|file| !file.is_empty()) {
            let (from, to) = (root().join(file), fork.path().join(file));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&from, &to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
        Self(fork)
    }

    fn edit(&self, file: &str, change: impl FnOnce(&str) -> String) {
        let path = self.0.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, change(&text)).unwrap();
    }

    /// Builds in a separate target directory: cargo tells two workspaces of the same shape apart
    /// only by the age of their files, and would use the fork's code for this workspace later.
    /// `./test` fills that directory with earlier builds; the fork's files are younger.
    ///
    /// `targets` are arguments for cargo, `tests` those for the tests. All packages are named, so
    /// that no dependency is built again with other features.
    #[track_caller]
    fn assert_tests_pass(&self, targets: &[&str], tests: &[&str]) {
        let ended = Command::new(env!("CARGO"))
            .args(["test", "--workspace", "--locked", "--quiet"])
            .args(targets)
            .arg("--")
            .args(tests)
            .current_dir(self.0.path())
            .env("CARGO_TARGET_DIR", root().join("target/fork"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&ended.stdout) + &text(&ended.stderr);
        assert!(ended.status.success(), "{said}");
    }

    /// Runs the fork's `setup`, and returns the created roles.
    #[track_caller]
    fn roles_of_setup(&self, double: &ZitadelDouble) -> Value {
        let directory = self.0.path().join("set-up");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("admin.pat"), double.administrator()).unwrap();
        fs::write(directory.join(".gitignore"), "*\n").unwrap();
        let ended = Command::new(root().join("target/fork/debug/app"))
            .args(["setup", "--domain", double.issuer(), "--token-file", "admin.pat", "--yes"])
            .args(["--name", "Messages"])
            .current_dir(&directory)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let lock = fs::read_to_string(directory.join("setup.lock.json")).unwrap();
        serde_json::from_str::<Value>(&lock).unwrap()["roles"].clone()
    }
}

/// Returns the README's code block that begins with this line.
fn block(first_line: &str) -> String {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```").skip(1).step_by(2);
    let mut blocks = blocks.filter_map(|block| block.split_once('\n').map(|(_, code)| code));
    let found = blocks.find(|code| code.starts_with(first_line));
    found.unwrap_or_else(|| panic!("the README has no block that begins with {first_line}")).into()
}

#[tokio::test]
async fn a_route_is_added_by_the_blocks_of_the_readme_and_all_tests_pass() {
    let fork = Fork::new();
    fork.edit("domain/src/rules.rs", |rules| {
        let (before, tests) = rules.split_once("#[cfg(test)]").unwrap();
        format!("{before}{}\n#[cfg(test)]{tests}", block("/// Callers who may delete messages."))
    });
    fork.edit("app/src/api/handlers.rs", |handlers| {
        format!("{handlers}\n{}", block("pub(super) async fn delete_message("))
    });
    fork.edit("app/src/api/routes.rs", |routes| {
        let (before, end) = routes.rsplit_once("\n}").unwrap();
        format!("{before}\n{}}}{end}", block("        .delete("))
    });
    fork.edit("app/local-tokens.toml", |tokens| {
        format!("{tokens}\n{}", block("[[token]]\ntoken = \"dev-deleter\""))
    });
    let skipped: Vec<_> = OF_NO_ROUTE.iter().flat_map(|module| ["--skip", module]).collect();
    fork.assert_tests_pass(&[], &skipped);
    let double = ZitadelDouble::start().await;
    let roles = fork.roles_of_setup(&double);
    assert_eq!(roles, json!(["delete:messages", "read:messages"]));
}

#[test]
fn the_routes_of_the_demo_are_replaced_and_the_tests_that_see_them_pass() {
    let fork = Fork::new();
    fork.edit("app/src/api/tests.rs", |_| "//! The tests of another API.\n".to_owned());
    fork.edit("app/src/api/handlers.rs", |_| {
        "//! The handlers of another API.\n\nuse axum_zitadel::Authorized;\n\
         use domain::rules::SignedIn;\n\n\
         pub(super) async fn hello(_: Authorized<SignedIn>) -> &'static str {\n    \"hello\"\n}\n"
            .to_owned()
    });
    fork.edit("app/src/api/routes.rs", |_| {
        "//! The routes of another API.\n\nuse axum_zitadel::{Routes, guarded};\n\n\
         use super::handlers;\n\n/// Returns every route of this API.\n#[must_use]\n\
         pub fn routes() -> Routes {\n    \
         Routes::default().get(\"/hello\", guarded(handlers::hello))\n}\n"
            .to_owned()
    });
    // Everything builds. All other tests mount routes of their own.
    fork.assert_tests_pass(&["--no-run"], &[]);
    fork.assert_tests_pass(&["--lib"], &[]);
    fork.assert_tests_pass(&["--test", "stories"], &OF_PAGES);
}
