//! `--changes`: a service user that reads the event log, and a program that follows it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use tokio::time::Instant;
use zitadel_double::NewUser;

use crate::{built::example, directory::Directory};

/// The calls of a first run with a feed, in their order.
const ALL: [&str; 7] = [
    "POST /management/v1/projects",
    "POST /management/v1/projects/{}/roles/_bulk",
    "POST /management/v1/projects/{}/apps/api",
    "POST /management/v1/projects/{}/apps/{}/keys",
    "POST /management/v1/users/machine",
    "POST /management/v1/users/{}/pats",
    "POST /admin/v1/members",
];

/// Longer than a start, and than `cache.max_staleness`.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program in a directory, ended when it is dropped.
struct Program {
    process: Child,
    address: String,
}

impl Program {
    fn start(directory: &Directory) -> Self {
        let mut process = command(directory, &[])
            .env("APP_SERVER__LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            line.split_once("Listening on http://").map(|(_, address)| address.to_owned())
        });
        Self { process, address: address.unwrap() }
    }

    async fn status(&self, path: &str, token: &str) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("http://{}{path}", self.address)).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }

    /// Asks again and again until a status comes.
    async fn becomes(&self, path: &str, token: &str, expected: u16) {
        let begun = Instant::now();
        loop {
            let status = self.status(path, token).await;
            if status == expected {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} is still answered with {status}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The program with no settings but those of the directory.
fn command(directory: &Directory, arguments: &[&str]) -> Command {
    let mut command = Command::new(example("three_routes"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(directory.path(""))
        .args(arguments)
        .stdin(Stdio::null());
    command
}

#[tokio::test]
async fn the_program_follows_changes_with_what_was_written_and_a_second_run_sends_nothing() {
    let directory = Directory::new().await;
    let first = directory.setup("--changes --callers caller");
    assert_eq!(first.status, Some(0), "{}", first.said());
    let of_caller =
        [ALL[4], "POST /management/v1/users/{}/grants", "POST /management/v1/users/{}/pats"];
    assert_eq!(first.changes, [&ALL[..4], &of_caller, &ALL[4..]].concat());
    let check = command(&directory, &["check", "--format", "json"]).output().unwrap();
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(check.status.success() && !said.contains("FAILED"), "{said}");
    assert!(said.contains("event_log"), "{said}");
    let program = Program::start(&directory);
    let token = directory.text("caller.pat");
    let token = token.trim_end();
    program.becomes("/api/private-scoped", token, 200).await;
    // Its answer is reused: a feed that is heard is the only reason.
    let begun = Instant::now();
    loop {
        let before = directory.double.introspections();
        assert_eq!(program.status("/api/private", token).await, 200);
        if directory.double.introspections() == before {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "no answer is reused");
    }
    directory.double.remove_pat(token);
    program.becomes("/api/private", token, 401).await;
    drop(program);
    let files = directory.files();
    let second = directory.setup("--changes");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
    assert_eq!(directory.files(), files);
}

#[tokio::test]
async fn a_feed_is_added_to_what_was_set_up_without_one() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    assert!(!directory.text(".env").contains("CHANGES"));
    let added = directory.setup("--changes");
    assert_eq!(added.status, Some(0), "{}", added.said());
    assert_eq!(added.changes, ALL[4..]);
    assert!(directory.text(".env").contains("APP_CHANGES__TOKEN_FILE=changes.pat\n"));
}

#[tokio::test]
async fn a_manager_role_that_is_there_is_not_given_again_and_the_missing_token_is_made() {
    let directory = Directory::new().await;
    let user = json!({ "userName": "messages-changes", "name": "messages-changes" });
    let user = directory.create("/management/v1/users/machine", user, "userId").await;
    let member = json!({ "userId": user, "roles": ["IAM_OWNER_VIEWER"] });
    directory.manage("POST", "/admin/v1/members", member).await;
    let ended = directory.setup("--changes");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, [&ALL[..4], &ALL[5..6]].concat());
}

#[tokio::test]
async fn a_token_of_the_feed_that_is_lost_is_said_and_no_other_is_made() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--changes").status, Some(0));
    directory.remove("changes.pat");
    let lost = directory.setup("--changes");
    assert_eq!((lost.status, lost.changes.len()), (Some(3), 0), "{}", lost.said());
    assert!(lost.stdout.contains("changes.pat"), "{}", lost.stdout);
}

#[tokio::test]
async fn a_person_of_the_name_of_the_feed_is_refused_before_anything_is_done() {
    let directory = Directory::new().await;
    let _person = directory.double.add_user(NewUser::human("messages-changes"));
    let refused = directory.setup("--changes");
    assert_eq!((refused.status, refused.changes.len()), (Some(1), 0), "{}", refused.said());
    assert!(refused.stdout.contains("is a person"), "{}", refused.stdout);
}
