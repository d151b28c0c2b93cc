//! Tests of an app to which the system gives too few threads, at the start or later.

#![cfg(target_os = "linux")]

use std::{fs, process::Command, slice};

use zitadel_double::{NewUser, ZitadelDouble};

use crate::{
    answer,
    child::{App, run_after},
};

const STACK_MIB: u64 = 512;
/// Address space that the app may use beyond the stacks of its threads, in MiB.
const REST_MIB: u64 = 384;
const WORKERS: u64 = 2;

/// Returns variables that give each thread of the app a large stack, so that `ulimit -v` (address
/// space) limits the number of threads. `MALLOC_ARENA_MAX` keeps the allocator from reserving space
/// for each thread, too.
fn large_stacks() -> [(&'static str, String); 3] {
    [
        ("RUST_MIN_STACK", (STACK_MIB * 1024 * 1024).to_string()),
        ("MALLOC_ARENA_MAX", "1".to_owned()),
        ("TOKIO_WORKER_THREADS", WORKERS.to_string()),
    ]
}

fn with_so_many(threads: u64) -> String {
    format!("ulimit -v {}", (REST_MIB + threads * STACK_MIB) * 1024)
}

fn borrowed<'a>(variables: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn a_start_without_enough_threads_says_so_in_one_line_and_exits_with_2() {
    let variables = large_stacks();
    let traces = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1".to_owned());
    for (threads, variables) in (0..6).map(|threads| (threads, variables.to_vec())).chain(
        (0..8)
            .step_by(2)
            .map(|threads| (threads, [&variables[..], slice::from_ref(&traces)].concat())),
    ) {
        let (status, stdout, stderr) = run_after(&with_so_many(threads), &borrowed(&variables));
        let seen = format!("{threads} threads: {status:?}\n{stdout}\n{stderr}");
        assert_eq!(status, Some(2), "{seen}");
        assert!(stderr.starts_with("app: the system refuses threads"), "{seen}");
        assert!(stderr.contains(&format!("it gave {threads} (")), "{seen}");
        assert_eq!(stderr.lines().count(), 1, "{seen}");
    }
    for wrong in ["0", "two", "-1"] {
        let environment = [("TOKIO_WORKER_THREADS", wrong)];
        let (status, _, stderr) = run_after("true", &environment);
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.starts_with("app: TOKIO_WORKER_THREADS: expects"), "{stderr}");
    }
    let app = App::start_after(&with_so_many(12), &borrowed(&variables));
    assert!(answer(&app.address(), "/api/private", "dev-reader").starts_with("HTTP/1.1 200"));
}

fn refuse_further_threads(app: &App) {
    let process = app.child.id();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let kib: u64 = size.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    let limit = (kib + STACK_MIB / 2 * 1024) * 1024;
    let limited = Command::new("prlimit")
        .args([format!("--pid={process}"), format!("--as={limit}:{limit}")])
        .status();
    assert!(limited.unwrap().success());
}

// A name lookup and a file read each use a thread of their own.
#[tokio::test]
async fn threads_that_are_refused_later_harm_no_request() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let named = double.issuer().replace("127.0.0.1", "localhost");
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    fs::write(&secret, double.client_secret()).unwrap();
    let mut variables = large_stacks().to_vec();
    variables.extend([
        ("ZITADEL_DOMAIN", named),
        ("CLIENT_ID", double.client_id().as_str().to_owned()),
        ("APP_ZITADEL__CLIENT_SECRET_FILE", secret.to_str().unwrap().to_owned()),
    ]);
    let app = App::start_after("true", &borrowed(&variables));
    let address = app.address();
    refuse_further_threads(&app);
    for _ in 0..3 {
        let answer = answer(&address, "/api/private", &token);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    fs::write(&secret, "another").unwrap();
    app.signal("HUP");
    app.wait_for("credentials replaced");

    // A failed name lookup is no verdict.
    let mut variables = large_stacks().to_vec();
    variables.extend([
        ("ZITADEL_DOMAIN", "http://localhost:1".to_owned()),
        ("CLIENT_ID", "id".to_owned()),
        ("CLIENT_SECRET", "secret".to_owned()),
    ]);
    let app = App::start_after("true", &borrowed(&variables));
    let address = app.address();
    refuse_further_threads(&app);
    let answer = answer(&address, "/api/private", &token);
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}
