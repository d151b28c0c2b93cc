//! Tests of the output of `setup`, pinned because people read it before they answer `y`.

use serde_json::json;
use zitadel_double::LostCall;

use crate::directory::{Directory, Ended};

/// Returns standard output, standard error and exit status, without values that change from run to
/// run.
fn shown(directory: &Directory, ended: &Ended) -> String {
    let text = unchanging(directory, &format!("{}{}", ended.stdout, ended.stderr));
    format!("{text}exit status {}", ended.status.unwrap())
}

/// Returns `text` with ids, days and ZITADEL's address replaced, which change from run to run.
pub(crate) fn unchanging(directory: &Directory, text: &str) -> String {
    let text = text.replace(directory.double.issuer(), "https://auth.example.com");
    let word = |word: &str| {
        let is_number = word.len() >= 15 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_day = word.len() == 10 && word.matches('-').count() == 2 && word.starts_with("20");
        if is_number {
            "(id)".to_owned()
        } else if is_day {
            "(day)".to_owned()
        } else {
            word.to_owned()
        }
    };
    let mut words: Vec<String> = Vec::new();
    let mut rest = text.as_str();
    while let Some(end) = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let (before, behind) = rest.split_at(end);
        let (separator, behind) = behind.split_at(behind.chars().next().unwrap().len_utf8());
        words.extend([word(before), separator.to_owned()]);
        rest = behind;
    }
    words.concat() + rest
}

#[tokio::test]
async fn a_first_run() {
    let directory = Directory::new().await;
    let first = directory.setup("--callers caller --changes");
    insta::assert_snapshot!(shown(&directory, &first));
}

#[tokio::test]
async fn a_first_run_with_a_webhook() {
    let directory = Directory::new().await;
    let first = directory.setup("--changes --webhook https://api.example.com/zitadel/events");
    insta::assert_snapshot!(shown(&directory, &first));
}

#[tokio::test]
async fn a_first_run_with_mcp_clients_and_a_second_one_with_a_redirect() {
    let directory = Directory::new().await;
    let first = directory.setup("--mcp");
    let second = directory.setup("--mcp --redirect https://client.example.com/callback");
    let both = [shown(&directory, &first), shown(&directory, &second)];
    insta::assert_snapshot!(both.join("\n\n"));
}

#[tokio::test]
async fn a_second_run() {
    let directory = Directory::new().await;
    directory.setup("--callers caller");
    let second = directory.setup("--callers caller");
    insta::assert_snapshot!(shown(&directory, &second));
}

#[tokio::test]
async fn a_dry_run_after_a_role_was_removed() {
    let directory = Directory::new().await;
    directory.setup("");
    let project = directory.lock()["project"]["id"].as_str().unwrap().to_owned();
    let roles = format!("/management/v1/projects/{project}/roles");
    directory.manage("DELETE", &format!("{roles}/read:messages"), json!({})).await;
    let other = json!({ "roleKey": "of:nobody", "displayName": "of:nobody" });
    directory.manage("POST", &roles, other).await;
    let dry = directory.setup("--dry-run");
    insta::assert_snapshot!(shown(&directory, &dry));
}

#[tokio::test]
async fn a_run_without_callers_that_asks_nobody_and_a_run_that_renews() {
    let directory = Directory::new().await;
    let first = directory.setup("");
    let renewed = directory.setup("--renew");
    let both = [shown(&directory, &first), shown(&directory, &renewed)];
    insta::assert_snapshot!(both.join("\n\n"));
}

#[tokio::test]
async fn a_lost_key_and_a_lost_token() {
    let directory = Directory::new().await;
    directory.setup("--callers caller");
    directory.remove("key.json");
    directory.remove("caller.pat");
    let second = directory.setup("--callers caller");
    insta::assert_snapshot!(shown(&directory, &second));
}

#[tokio::test]
async fn a_refusal() {
    let directory = Directory::new().await;
    directory.create_project("MESSAGES").await;
    let refused = directory.setup("--callers caller");
    insta::assert_snapshot!(shown(&directory, &refused));
}

/// Runs `setup` twice, and returns both outputs. In the first run, the POST to the path that ends
/// with `path_ends` is lost.
async fn said_when_lost(path_ends: &str, when: LostCall) -> String {
    let complete = Directory::new().await;
    complete.setup("");
    let calls = complete.double.management_calls();
    let is_it = |(method, path): &(String, String)| method == "POST" && path.ends_with(path_ends);
    let number = calls.iter().position(is_it).unwrap() + 1;
    let directory = Directory::new().await;
    directory.double.lose_management_call(number, when);
    let (failed, again) = (directory.setup(""), directory.setup(""));
    [shown(&directory, &failed), shown(&directory, &again)].join("\n\n")
}

#[tokio::test]
async fn an_error_after_some_steps_and_the_same_line_again() {
    insta::assert_snapshot!(said_when_lost("/_bulk", LostCall::Before).await);
}

#[tokio::test]
async fn a_key_whose_answer_was_lost_and_the_same_line_again() {
    insta::assert_snapshot!(said_when_lost("/keys", LostCall::After).await);
}

#[tokio::test]
async fn a_removal() {
    let directory = Directory::new().await;
    directory.setup("--callers caller");
    let removed = directory.setup("--remove");
    insta::assert_snapshot!(shown(&directory, &removed));
}

#[tokio::test]
async fn nobody_is_asked_without_a_terminal() {
    let directory = Directory::new().await;
    let refused = directory.setup_as("admin.pat", "--name Messages");
    insta::assert_snapshot!(shown(&directory, &refused));
}
