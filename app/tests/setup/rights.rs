//! Tests of `setup` with and without the rights that it needs.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use serde_json::json;

use crate::directory::{Directory, Ended, MADE};

#[track_caller]
fn refused(ended: &Ended, why: &str) {
    assert_eq!((ended.status, ended.changes.len()), (Some(1), 0), "{}", ended.said());
    assert!(ended.said().contains(why), "{}", ended.said());
}

#[tokio::test]
async fn a_token_file_holds_one_token() {
    let directory = Directory::new().await;
    refused(&directory.setup_as("missing.pat", "--yes"), "--token-file: ");
    for (text, why) in [("", "token"), ("\n", "token"), ("first\nsecond\n", "token")] {
        directory.write("other.pat", text);
        let ended = directory.setup_as("other.pat", "--yes");
        refused(&ended, why);
        assert_eq!(directory.double.management_calls(), [], "{}", ended.said());
    }
}

#[tokio::test]
async fn without_a_token_file_a_terminal_is_needed() {
    let directory = Directory::new().await;
    let line = format!("exec \"$1\" setup --domain {} --yes", directory.double.issuer());
    refused(&directory.setup_by(&line, ""), "name a file in --token-file");
}

#[tokio::test]
async fn a_token_that_may_nothing_is_told_apart() {
    let directory = Directory::new().await;
    directory.write("wrong.pat", "no-token-of-anybody\n");
    refused(&directory.setup_as("wrong.pat", "--yes"), "refuses the administrator's token (401)");
    directory.manager("nobody", None).await;
    refused(&directory.setup_as("nobody", "--yes"), "without any manager role (404");
}

#[tokio::test]
async fn a_viewer_sees_drift_and_is_told_which_permissions_it_lacks() {
    let directory = Directory::new().await;
    directory.manager("viewer", Some("ORG_OWNER_VIEWER")).await;
    let dry = directory.setup_as("viewer", "--name Messages --dry-run --callers caller");
    assert_eq!(dry.status, Some(2), "{}", dry.said());
    let doing = directory.setup_as("viewer", "--name Messages --yes --callers caller");
    let lacks =
        "lacks project.app.write, project.create, project.role.write, user.grant.write, user.write";
    refused(&doing, lacks);
    assert!(doing.stdout.contains("ORG_OWNER"), "{}", doing.stdout);
    assert_eq!(directory.setup("--callers caller").status, Some(0));
    let dry = directory.setup_as("viewer", "--name Messages --dry-run --callers caller");
    assert_eq!(dry.status, Some(0), "{}", dry.said());
    let nothing = directory.setup_as("viewer", "--name Messages --yes --callers caller");
    assert_eq!((nothing.status, nothing.changes.len()), (Some(0), 0), "{}", nothing.said());
}

#[tokio::test]
async fn an_owner_of_the_organization_does_all_but_the_manager_role_and_says_who_must() {
    let directory = Directory::new().await;
    directory.manager("owner", Some("ORG_OWNER")).await;
    let setup = || directory.setup_as("owner", "--name Messages --yes --changes");
    let first = setup();
    assert_eq!(first.status, Some(1), "{}", first.said());
    let mut made: Vec<_> = MADE.to_vec();
    made.retain(|call| !call.ends_with("grants"));
    made.push("POST /admin/v1/members");
    assert_eq!(first.changes, made);
    let body = first.stderr.split('\'').find(|part| part.starts_with("{\"userId\"")).unwrap();
    assert!(first.stderr.contains("a manager of the instance (IAM_OWNER)"), "{}", first.stderr);
    assert!(
        first.stderr.contains(&format!("{}/admin/v1/members", directory.double.issuer())),
        "{}",
        first.stderr
    );
    assert!(
        directory.text(".env").contains("TOKEN_FILE=changes.pat"),
        "{}",
        directory.text(".env")
    );
    // Until a manager runs the printed command, the proof names the missing right.
    let before = setup();
    refused(&before, "event_log");
    directory.manage("POST", "/admin/v1/members", serde_json::from_str(body).unwrap()).await;
    let second = setup();
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
}

#[tokio::test]
async fn a_manager_of_the_instance_gives_the_manager_role_once() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    let changes = directory.setup("--changes");
    assert_eq!(changes.status, Some(0), "{}", changes.said());
    assert_eq!(changes.changes, [MADE[4], MADE[6], "POST /admin/v1/members"]);
    assert!(
        directory.text(".env").contains("TOKEN_FILE=changes.pat"),
        "{}",
        directory.text(".env")
    );
    directory.ends("--changes", Some(0), "everything is there");
    directory.remove("changes.pat");
    directory.ends("--changes", Some(3), "changes.pat is not here");
}

#[tokio::test]
async fn other_manager_roles_are_a_persons_matter() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--changes").status, Some(0));
    let user = directory.lock()["users"]["messages-changes"]["id"].as_str().unwrap().to_owned();
    directory.manage("DELETE", &format!("/admin/v1/members/{user}"), json!({})).await;
    let body = json!({ "userId": user, "roles": ["IAM_LOGIN_CLIENT"] });
    directory.manage("POST", "/admin/v1/members", body).await;
    directory.refuses("--changes", "has the manager roles IAM_LOGIN_CLIENT: add IAM_OWNER_VIEWER");
}

#[tokio::test]
async fn a_token_is_not_sent_in_plain_text_to_another_machine() {
    let directory = Directory::new().await;
    for domain in ["http://auth.example.com", "auth.example.com", "https://auth.example.com/path"] {
        refused(&directory.run(directory.command(domain, "admin.pat", "--yes")), "--domain: ");
    }
}

#[tokio::test]
async fn a_line_that_makes_no_sense_is_no_drift() {
    let directory = Directory::new().await;
    for arguments in ["--dry-run --no-such-flag", "--renew --remove", "--callers a/b"] {
        refused(&directory.setup(arguments), "error: ");
    }
}

#[tokio::test]
async fn a_server_without_the_management_api_is_told() {
    let directory = Directory::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = connection.read(&mut request).unwrap();
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 18\r\nconnection: close\r\n\r\n404 page not found";
        connection.write_all(answer.as_bytes()).unwrap();
        length
    });
    let ended = directory.run(directory.command(&domain, "admin.pat", "--yes"));
    refused(&ended, "no management API v1");
    assert!(server.join().unwrap() > 0);
}
