//! Changes while clients are connected.

use std::time::Duration;

use reqwest::{Certificate, Client};
use zitadel_double::{NewUser, Violation, ZitadelDouble};

use crate::resource_server::{PATIENCE, introspect, send};

fn client(double: &ZitadelDouble) -> Client {
    let builder = Client::builder().no_proxy();
    match double.ca_pem() {
        Some(pem) => builder.tls_certs_only([Certificate::from_pem(pem.as_bytes()).unwrap()]),
        None => builder,
    }
    .build()
    .unwrap()
}

fn document(double: &ZitadelDouble) -> String {
    format!("{}/.well-known/openid-configuration", double.issuer())
}

#[tokio::test]
async fn a_stuck_connection_answers_pings_and_no_request_and_a_new_one_is_served() {
    for tls in [true, false] {
        let builder = ZitadelDouble::builder();
        let builder = if tls { builder.tls(["127.0.0.1"]) } else { builder };
        let double = builder.start().await;
        let stuck = client(&double);
        assert_eq!(send(stuck.get(document(&double))).await.status, 200);
        double.stick_connections();
        let asking = tokio::spawn(stuck.get(document(&double)).send());
        double.wait_for_discoveries(2).await;
        assert_eq!(send(client(&double).get(document(&double))).await.status, 200);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!asking.is_finished(), "the connection is answered, or was closed");
        asking.abort();
    }
}

#[tokio::test]
async fn after_a_rotation_new_connections_need_the_new_authority() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let (connected, stranger) = (client(&double), client(&double));
    assert_eq!(send(connected.get(document(&double))).await.status, 200);
    let before = double.ca_pem();
    double.rotate_authority();
    assert_ne!(double.ca_pem(), before);
    assert_eq!(send(connected.get(document(&double))).await.status, 200);
    let refused = tokio::time::timeout(PATIENCE, stranger.get(document(&double)).send()).await;
    assert!(refused.unwrap().unwrap_err().is_connect());
    assert_eq!(send(client(&double).get(document(&double))).await.status, 200);
}

#[tokio::test]
async fn a_moved_endpoint_is_in_the_document_and_the_old_one_is_unknown() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let before = double.introspection_endpoint();
    double.move_introspection("/moved");
    assert_eq!(introspect(&double, &token).await["active"], true);
    let named = send(client(&double).get(document(&double))).await.json();
    assert_eq!(named["introspection_endpoint"], format!("{}/moved", double.issuer()));
    assert_eq!(send(client(&double).post(before)).await.status, 404);
    assert!(matches!(double.take_violations()[..], [Violation::UnknownPath(_)]));
}
