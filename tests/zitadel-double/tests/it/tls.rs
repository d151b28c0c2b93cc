//! HTTPS with the double's own authority.

use reqwest::{Certificate, Version};
use zitadel_double::ZitadelDouble;

use crate::resource_server::send;

fn client(double: &ZitadelDouble, name: &str) -> reqwest::ClientBuilder {
    let ca = Certificate::from_pem(double.ca_pem().expect("an authority").as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([ca]).no_proxy().resolve(name, double.addr())
}

#[tokio::test]
async fn it_serves_http_2_over_tls_under_the_name_it_was_given() {
    let double = ZitadelDouble::builder().tls(["auth.example.test"]).start().await;
    let client = client(&double, "auth.example.test").build().unwrap();
    let port = double.addr().port();
    assert_eq!(double.issuer(), format!("https://auth.example.test:{port}"));
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    assert_eq!(send(client.get(url)).await.json()["issuer"], double.issuer());
    assert_eq!(double.requests()[0].version, Version::HTTP_2);
}

#[tokio::test]
async fn http_1_is_served_over_tls_as_well() {
    let double = ZitadelDouble::builder().tls(["auth.example.test"]).start().await;
    let client = client(&double, "auth.example.test").http1_only().build().unwrap();
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    assert_eq!(send(client.get(url)).await.status, 200);
    assert_eq!(double.requests()[0].version, Version::HTTP_11);
}

#[tokio::test]
async fn a_client_that_does_not_know_the_authority_refuses() {
    let double = ZitadelDouble::builder().tls(["auth.example.test"]).start().await;
    let stranger = reqwest::Client::builder().no_proxy();
    let stranger = stranger.resolve("auth.example.test", double.addr()).build().unwrap();
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    let error = stranger.get(url).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(double.discoveries(), 0);
}

#[tokio::test]
async fn faults_are_acted_out_over_http_2_and_tls_too() {
    use zitadel_double::{Fault, Times};
    let double = ZitadelDouble::builder().tls(["auth.example.test"]).start().await;
    let client = client(&double, "auth.example.test").build().unwrap();
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    for fault in [Fault::ResetBeforeAnswer, Fault::CloseBeforeAnswer] {
        double.discovery_fault(fault, Times::UntilCleared);
        assert!(client.get(&url).send().await.is_err());
    }
    for fault in [Fault::ResetMidBody, Fault::Truncate] {
        double.discovery_fault(fault, Times::UntilCleared);
        let response = client.get(&url).send().await.unwrap();
        assert!(response.bytes().await.is_err());
    }
    double.clear_faults();
    assert_eq!(send(client.get(&url)).await.status, 200);
}

#[tokio::test]
async fn an_address_can_be_certified() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let client = client(&double, "unused.test").build().unwrap();
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    assert_eq!(send(client.get(url)).await.status, 200);
}
