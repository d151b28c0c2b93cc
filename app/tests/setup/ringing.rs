//! Tests that a change reaches the program at once by a webhook that `setup` created.

use std::{
    io,
    net::{TcpListener, TcpStream},
    thread,
};

use crate::{directory::Directory, program::Program};

/// Settings with which the program polls the event log only every 29 minutes: during a test, only a
/// call of the webhook makes it read the log.
const NO_POLL: [(&str, &str); 3] = [
    ("APP_CHANGES__INTERVAL", "29m"),
    ("APP_CACHE__MAX_STALENESS", "30m"),
    ("APP_CACHE__TTL", "1h"),
];

/// Starts an ingress, through which ZITADEL calls the program's webhook: a proxy that forwards each
/// connection to the address `to`.
fn pass_on(from: TcpListener, to: String) {
    thread::spawn(move || {
        for caller in from.incoming().map_while(Result::ok) {
            let (Ok(called), Ok(reading)) = (TcpStream::connect(&to), caller.try_clone()) else {
                continue;
            };
            let Ok(writing) = called.try_clone() else { continue };
            thread::spawn(move || io::copy(&mut &reading, &mut &writing));
            thread::spawn(move || io::copy(&mut &called, &mut &caller));
        }
    });
}

#[tokio::test]
async fn a_change_counts_at_once_for_a_program_with_what_was_written() {
    let directory = Directory::new().await;
    let ingress = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/zitadel/events", ingress.local_addr().unwrap());
    let ended = directory.setup(&format!("--callers caller --changes --webhook {url}"));
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    // The address in `.env` is that of the ingress.
    let listen = ("APP_CHANGES__WEBHOOK__LISTEN", "127.0.0.1:0");
    let program = Program::start(&directory, &[&NO_POLL[..], &[listen]].concat());
    pass_on(ingress, program.webhook_address());
    let token = directory.text("caller.pat");
    let token = token.trim_end();
    program.becomes("/api/private", token, 200).await;
    program.reuses(&directory.double, "/api/private", token).await;
    directory.double.remove_pat(token);
    program.becomes("/api/private", token, 401).await;
}
