//! Tests of `setup` with files that exist already, and with files that cannot be written.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use zitadel_double::LostCall;

use crate::{
    directory::{Directory, MADE},
    lost::lose_change,
};

const REMOVE_KEY: &str = "DELETE /management/v1/projects/{}/apps/{}/keys/{}";
const REMOVE_TOKEN: &str = "DELETE /management/v1/users/{}/pats/{}";

/// Returns a shell command that runs its arguments with file sizes limited to `number` blocks of
/// 512 bytes, as on a full disk.
fn blocks(number: usize) -> String {
    format!("trap '' XFSZ; ulimit -f {number}; exec \"$@\"")
}

fn is_left_over(directory: &Directory) -> bool {
    directory.files().keys().any(|name| name.contains(".new"))
}

#[tokio::test]
async fn comments_and_other_lines_stay() {
    let directory = Directory::new().await;
    let mine = "# mine\nOTHER=1 # why\nexport RUST_LOG='info'\n\nAPP_SERVER__LISTEN=127.0.0.1:5001";
    directory.write(".env", mine);
    assert_eq!(directory.setup("").status, Some(0));
    let env = directory.text(".env");
    assert!(env.starts_with(&format!("{mine}\nZITADEL_DOMAIN=")), "{env}");
    assert_eq!(env.matches("KEY_FILE=key.json\n").count(), 1, "{env}");
    let changed = env.replace("KEY_FILE=key.json\n", "KEY_FILE=old.json\n# last\n");
    directory.write(".env", &changed);
    let ended = directory.setup("");
    assert_eq!((ended.status, ended.changes.len()), (Some(0), 0), "{}", ended.said());
    assert_eq!(directory.text(".env"), changed.replace("old.json", "key.json"));
}

#[tokio::test]
async fn an_env_file_of_another_instance_or_project_or_application_is_left() {
    let directory = Directory::new().await;
    directory.write(".env", "ZITADEL_DOMAIN=https://other.example.com\n");
    directory.refuses("", ".env is for https://other.example.com");
    directory.refuses("--force", ".env is for https://other.example.com");
    let domain = directory.double.issuer().to_owned();
    let secret = format!("ZITADEL_DOMAIN={domain}\nCLIENT_ID=340\nCLIENT_SECRET=of-another-one\n");
    directory.write(".env", &secret);
    directory.refuses("", ".env: it has the secret of another application");
    directory.refuses("--auth basic", ".env: it has the secret of another application");
    let forced = directory.setup("--force");
    assert_eq!(forced.status, Some(0), "{}", forced.said());
    let env = directory.text(".env");
    assert!(!env.contains("CLIENT_SECRET"), "{env}");
    let project = env.lines().find(|line| line.contains("PROJECT_ID=")).unwrap().to_owned();
    let name = project.split('=').next().unwrap();
    directory.write(".env", &env.replace(&project, &format!("{name}=340000000000009999")));
    directory.refuses("", ".env: it is for the project 340000000000009999");
    assert_eq!(directory.setup("--force").status, Some(0));
    assert_eq!(directory.text(".env"), env);
}

#[tokio::test]
async fn an_environment_that_overrides_the_file_is_refused_before_anything_is_made() {
    let directory = Directory::new().await;
    for line in [
        "KEY_FILE=other.json exec \"$@\"",
        "CLIENT_SECRET=of-another-one exec \"$@\"",
        "ZITADEL_DOMAIN=https://other.example.com exec \"$@\"",
    ] {
        let name = line.split('=').next().unwrap();
        let ended = directory.setup_by(line, "");
        assert_eq!((ended.status, ended.changes.len()), (Some(1), 0), "{}", ended.said());
        let why = format!("the environment has {name}, which overrides .env: unset it");
        assert!(ended.stdout.contains(&why), "{}", ended.said());
    }
    assert_eq!(directory.setup_by("KEY_FILE=key.json exec \"$@\"", "").status, Some(0));
    let twice = directory.setup_by("set -a; . ./.env; exec \"$@\"", "");
    assert_eq!((twice.status, twice.changes.len()), (Some(0), 0), "{}", twice.said());
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_before_anything_is_made() {
    let directory = Directory::new().await;
    let read_only = |name: &str| {
        let permissions = fs::Permissions::from_mode(0o400);
        fs::set_permissions(directory.path(name), permissions).unwrap();
    };
    directory.write(".env", "# mine\n");
    read_only(".env");
    directory.refuses("", ".env: it is read-only");
    directory.remove(".env");
    fs::create_dir(directory.path("caller.pat")).unwrap();
    directory.refuses("--callers caller --force", "caller.pat: it is no file");
    fs::remove_dir(directory.path("caller.pat")).unwrap();
    directory.write("setup.lock.json", "{");
    directory.refuses("", "setup.lock.json: it cannot be read");
    directory.remove("setup.lock.json");
    assert_eq!(directory.setup("").status, Some(0));
    read_only("key.json");
    directory.refuses("--renew", "key.json: it is read-only");
    directory.ends("", Some(0), "everything is there");
    read_only("setup.lock.json");
    directory.refuses("--remove", "setup.lock.json: it is read-only");
}

#[tokio::test]
async fn a_directory_that_takes_no_file_is_refused_before_anything_is_made() {
    let directory = Directory::new().await;
    let ended = directory.setup_by("mkdir gone && cd gone && rmdir ../gone && exec \"$@\"", "");
    assert_eq!((ended.status, ended.changes.len()), (Some(1), 0), "{}", ended.said());
    assert!(ended.stderr.contains("setup.lock.json: No such file"), "{}", ended.said());
}

#[tokio::test]
async fn a_key_that_cannot_be_written_is_removed_at_once() {
    let directory = Directory::new().await;
    // `setup.lock.json` fits, but a key of some 1700 bytes does not.
    let ended = directory.setup_by(&blocks(2), "");
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    assert!(ended.stderr.contains("key.json: File too large"), "{}", ended.said());
    assert_eq!(ended.changes, [&MADE[..4], &[REMOVE_KEY]].concat());
    assert!(!directory.path("key.json").exists() && !is_left_over(&directory));
    let next = directory.setup("");
    assert_eq!(next.status, Some(0), "{}", next.said());
    assert_eq!(next.changes, MADE[3..4]);
}

#[tokio::test]
async fn a_key_that_can_neither_be_written_nor_removed_is_named() {
    let directory = Directory::new().await;
    // The changes: the project, its roles, the application, the key, and its removal.
    lose_change(&directory, "", 5, LostCall::Before);
    let ended = directory.setup_by(&blocks(2), "");
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    let lock = directory.lock();
    let id = |name: &str| lock[name]["id"].as_str().unwrap().to_owned();
    let keys = format!("/projects/{}/apps/{}/keys/", id("project"), id("application"));
    let (_, line) = ended.stderr.split_once("nobody has it: remove it by ").unwrap();
    assert!(line.contains("curl -fsS -H @- -X DELETE") && line.contains(&keys), "{line}");
    let key = line.lines().next().unwrap().rsplit('/').next().unwrap();
    directory.ends("", Some(3), key);
}

#[tokio::test]
async fn a_token_that_cannot_be_written_is_removed_at_once() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--callers caller").status, Some(0));
    directory.double.remove_pat(directory.text("caller.pat").trim());
    directory.remove("caller.pat");
    let ended = directory.setup_by(&blocks(0), "--callers caller");
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    assert!(ended.stderr.contains("caller.pat: File too large"), "{}", ended.said());
    assert_eq!(ended.changes, [MADE[6], REMOVE_TOKEN]);
    assert!(!directory.path("caller.pat").exists() && !is_left_over(&directory));
    assert_eq!(directory.setup("--callers caller").changes, [MADE[6]]);
}

#[tokio::test]
async fn a_secret_that_git_would_keep_is_refused_before_anything_is_made() {
    let directory = Directory::new().await;
    let git = |arguments: &str| {
        let mut command = Command::new("git");
        command.arg("-C").arg(directory.path(".")).args(arguments.split(' '));
        assert!(command.output().unwrap().status.success());
    };
    git("init --quiet");
    let refuses = |arguments: &str, why: &str| {
        let ended = directory.setup(arguments);
        assert_eq!((ended.status, ended.changes.len()), (Some(1), 0), "{}", ended.said());
        assert!(ended.stderr.contains(why), "{}", ended.said());
    };
    refuses("", "key.json: git would keep it");
    directory.write(".gitignore", "/key.json\n");
    refuses("", ".env: git would keep it");
    directory.write(".gitignore", "/key.json\n/.env\n");
    refuses("--callers caller", "caller.pat: git would keep it");
    let ended = directory.setup("");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_no_drift() {
    let directory = Directory::new().await;
    directory.write(".env", "APP_SERVER__LISTEN=nowhere\n");
    directory.write("config.toml", "[server]\nlisten = \"nowhere\"\n");
    directory.refuses("--dry-run", "server.listen");
}
