//! A response sent before the body was read reaches clients that send the whole body.

use std::{process::Stdio, time::Duration};

use tests::{Api, Environment};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(60);
const TIMES: usize = 20;

/// Uploads bytes to a URL repeatedly, and prints each status.
const PYTHON: &str = r#"
import http.client, sys, urllib.parse
url, length, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
parts = urllib.parse.urlsplit(url)
for _ in range(times):
    try:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        connection.request("POST", parts.path, body=b"x" * length)
        print(connection.getresponse().status)
    except OSError as error:
        print(repr(error))
"#;
const NODE: &str = r#"
const [url, length, times] = process.argv.slice(1);
for (let n = 0; n < Number(times); n++) {
    const body = "x".repeat(Number(length));
    await fetch(url, { method: "POST", body })
        .then((answer) => console.log(answer.status))
        .catch((error) => console.log(String(error.cause ?? error)));
}
"#;
const CURL: &str = r#"
for n in $(seq "$3"); do
    head -c "$2" /dev/zero | curl -sS -m 30 -o /dev/null -w '%{http_code}\n' \
        -H 'Expect:' --data-binary @- "$1" 2>&1
done
"#;

/// Returns the statuses that a client receives.
async fn statuses(client: &[&str], url: &str, length: usize) -> Vec<String> {
    let (program, arguments) = client.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).args([url, &length.to_string(), &TIMES.to_string()]);
    command.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.expect("an end");
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; ./test installs it"));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_arrives_at_clients_that_send_their_whole_body_first() {
    let api = Api::start(Environment::default()).await;
    for client in [
        &["python3", "-c", PYTHON][..],
        &["node", "--input-type=module", "-e", NODE],
        &["sh", "-c", CURL, "sh"],
    ] {
        for (path, status) in [("/api/private", "405"), ("/nowhere", "404")] {
            for length in [1000, 300_000, 600_000, 1024 * 1024] {
                let found = statuses(client, &api.url(path), length).await;
                assert_eq!(found, [status; TIMES], "{} {path} {length}", client[0]);
            }
        }
    }
}

/// Returns everything that a client receives if it sends first and reads later.
async fn said_to_a_sender(api: &Api, head: &str, length: usize) -> String {
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in vec![b'x'; length].chunks(10_000) {
        stream.write_all(piece).await.unwrap_or_else(|error| panic!("{head:.60}: {error}"));
        tokio::task::yield_now().await;
    }
    let mut said = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("an end");
    read.unwrap_or_else(|error| panic!("{head:.60}: {error}"));
    String::from_utf8(said).unwrap()
}

// Includes the HTTP library's responses, which no route produces.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_is_not_lost_whatever_was_not_read() {
    let api = Api::start(Environment::default()).await;
    for (head, length, status) in [
        ("GET /api/private HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n", 900_000, "401"),
        ("GET /api/private HTTP/1.0\r\nContent-Length: 900000\r\n\r\n", 900_000, "401"),
        ("GET /api/public HTTP/1.1\r\nContent-Length: 900000\r\n\r\n", 900_000, "400"),
        (
            "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nDBBA0\r\n",
            900_000,
            "404",
        ),
        ("GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", 900_000, "431"),
        ("no HTTP at all\r\n\r\n", 900_000, "400"),
    ] {
        let said = said_to_a_sender(&api, head, length).await;
        assert_eq!(said.split(' ').nth(1), Some(status), "{head:.60}: {said:.60}");
    }
}

/// A client that keeps connections alive must know that this one ends, or it loses its next
/// request.
#[tokio::test]
async fn an_answer_to_a_body_that_is_not_read_says_that_the_connection_ends() {
    let api = Api::start(Environment::default()).await;
    let post = |path, body: usize| api.client().post(api.url(path)).body("x".repeat(body)).send();
    for (path, body, ends) in [
        ("/nowhere", 300_000, true),
        ("/nowhere", 10, true),
        ("/api/private", 300_000, true),
        ("/nowhere", 0, false),
    ] {
        let answer = post(path, body).await.unwrap();
        let said = answer.headers().get("connection").is_some_and(|value| value == "close");
        assert_eq!(said, ends, "{path} {body}");
    }
}
