//! The service in process, and as a process with foreign variables and its own file.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use adapters::{InMemoryIntrospector, SystemClock};
use axum::{
    body::Body,
    http::{Method, Request},
};
use axum_zitadel::{
    Guard,
    domain::{Authorizer, Requirements},
    testing::{assert_all_guarded, assert_guarded},
};
use orders::{Shop, router, routes};
use tower::ServiceExt;

fn shop() -> Shop {
    Shop { database_url: "a test".to_owned() }
}

#[tokio::test]
async fn the_router_is_guarded() {
    let introspector = Arc::new(InMemoryIntrospector::new([]));
    let authorizer = Authorizer::new(introspector, Arc::new(SystemClock), Requirements::default());
    let router = router(&Guard::new(authorizer), shop());
    assert_guarded(&router, &[(Method::GET, "/orders/7")]).await;
    let request = Request::get("/orders/7").body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 401);
    assert_all_guarded(routes(shop())).await;
}

struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_program_starts_beside_names_of_its_owner_and_reads_its_section() {
    let directory = tempfile::tempdir().unwrap();
    let config = "[database]\nurl = \"postgres://file\"\n[server]\nlisten = \"127.0.0.1:0\"\n";
    fs::write(directory.path().join("config.toml"), config).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_orders"))
        .current_dir(directory.path())
        .env_clear()
        .env("APP_DATABASE_URL", "of another library")
        .env("APP_ENV", "production")
        .env("APP_DB_PORT", "tcp://10.0.0.1:5432")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let _service = Service(child);
    let mut lines = BufReader::new(stdout).lines().map(Result::unwrap);
    let address =
        lines.find_map(|line| line.strip_prefix("Listening on http://").map(str::to_owned));
    let mut stream = TcpStream::connect(address.expect("the banner")).unwrap();
    let request = "GET /orders/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
                   Authorization: Bearer local-reader\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\"order 7 from postgres://file\""), "{answer}");
}

#[test]
fn a_section_that_is_missing_ends_the_start_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_orders"))
        .current_dir(directory.path())
        .env_clear()
        .env("APP_SERVER__LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "app: database: missing field `url`\n");
}
