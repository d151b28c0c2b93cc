//! Tests of the log events when connections to ZITADEL are replaced.

use std::{fs, thread, time::Duration};

use tokio::time::Instant;
use zitadel_double::{NewUser, ZitadelDouble};

use crate::{
    answer,
    child::{App, PATIENCE},
};

fn until(address: &str, token: &str, status: &str) {
    let began = Instant::now();
    while !answer(address, "/api/private", token).contains(status) {
        assert!(began.elapsed() < PATIENCE, "it is never {status}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[tokio::test]
async fn the_log_says_what_has_changed_when_connections_are_replaced() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let write = || fs::write(&file, double.ca_pem().unwrap()).unwrap();
    write();
    let app = App::start(
        &[],
        &[
            ("ZITADEL_DOMAIN", double.issuer()),
            ("CLIENT_ID", double.client_id().as_str()),
            ("CLIENT_SECRET", &double.client_secret()),
            ("APP_ZITADEL__CA_FILE", file.to_str().unwrap()),
            ("APP_ZITADEL__TIMEOUT", "1s"),
        ],
    );
    let address = app.address();
    until(&address, &token, "200 OK");

    fs::write(&file, "no PEM").unwrap();
    double.stick_connections();
    until(&address, &token, "503");
    let log = app.wait_for("connections replaced");
    assert!(log.contains("INFO") && log.contains("reason=\"timed_out\""), "{log}");
    until(&address, &token, "200 OK");
    let log = app.wait_for("the root certificates stay as they were");
    assert!(log.contains("WARN") && log.contains(file.to_str().unwrap()), "{log}");

    double.rotate_authority();
    double.stop_listening().await;
    double.listen_again().await;
    until(&address, &token, "503");
    write();
    until(&address, &token, "200 OK");
    let log = app.wait_for("root certificates replaced");
    assert!(log.contains("INFO") && log.contains(file.to_str().unwrap()), "{log}");

    let before = double.introspection_endpoint();
    double.move_introspection("/moved");
    until(&address, &token, "503");
    until(&address, &token, "200 OK");
    let log = app.wait_for("introspection endpoint replaced");
    let now = double.introspection_endpoint();
    let changed = format!("before={before} now={now}");
    assert!(log.contains("INFO") && log.contains(&changed), "{log}");
    drop(double.take_violations());
}
