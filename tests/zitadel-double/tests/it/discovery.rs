//! Discovery, hosts and issuers.

use serde_json::Value;
use zitadel_double::{MetadataVariant, SessionToken, TokenShape, Violation, ZitadelDouble};

use crate::resource_server::{Got, http, send};

async fn discover(double: &ZitadelDouble, host: &str) -> Got {
    let url = format!("http://{}/.well-known/openid-configuration", double.addr());
    send(http().get(url).header("host", host)).await
}

#[tokio::test]
async fn the_issuer_is_the_origin_of_the_request_with_its_port() {
    let double = ZitadelDouble::start().await;
    let port = double.addr().port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "localhost:1".into()] {
        let document = discover(&double, &host).await.json();
        assert_eq!(document["issuer"], format!("http://{host}"));
        let endpoint = format!("http://{host}/oauth/v2/introspect");
        assert_eq!(document["introspection_endpoint"], endpoint);
    }
    assert_eq!(double.issuer(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn a_host_that_is_no_domain_of_the_instance_is_404_in_plain_text() {
    let double = ZitadelDouble::start().await;
    let got = discover(&double, "other.example.test").await;
    assert_eq!(got.status, 404);
    assert!(got.content_type.starts_with("text/plain"));
    assert!(got.body.starts_with("unable to set instance using origin "), "{}", got.body);
    assert!(got.body.contains("ExternalDomain"));
    let unknown = Violation::UnknownHost("other.example.test".into());
    assert_eq!(double.take_violations(), [unknown]);
}

#[tokio::test]
async fn behind_an_ingress_the_issuer_is_https_although_the_transport_is_not() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let document = discover(&double, "auth.example.test").await.json();
    assert_eq!(document["issuer"], "https://auth.example.test");
    assert_eq!(double.issuer(), "https://auth.example.test");
    assert_eq!(discover(&double, "127.0.0.1").await.status, 404);
    assert_eq!(double.take_violations().len(), 1);
}

#[tokio::test]
async fn the_header_for_the_instance_host_wins_over_the_host() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let url = format!("http://{}/.well-known/openid-configuration", double.addr());
    let request = http().get(url).header("x-zitadel-instance-host", "auth.example.test");
    assert_eq!(send(request).await.json()["issuer"], "https://auth.example.test");
}

#[tokio::test]
async fn a_proxys_word_for_host_and_scheme_counts_where_it_is_well_formed() {
    let double = ZitadelDouble::builder().issuer("http://auth.example.test").start().await;
    let url = format!("http://{}/.well-known/openid-configuration", double.addr());
    let issuer = async |headers: &[(&str, &str)]| {
        let request = http().get(&url).header("host", "auth.example.test");
        let request = headers.iter().fold(request, |all, (name, value)| all.header(*name, *value));
        let got = send(request).await;
        if got.status == 200 { got.json()["issuer"].as_str().unwrap().to_owned() } else { got.body }
    };
    let with_port = "host=\"auth.example.test:81\";proto=https";
    assert_eq!(issuer(&[("forwarded", with_port)]).await, "https://auth.example.test:81");
    let unquoted = [("forwarded", "host=auth.example.test:81")];
    assert_eq!(issuer(&unquoted).await, "http://auth.example.test");
    let both = [("x-zitadel-instance-host", "auth.example.test:82"), ("x-forwarded-host", "x")];
    assert_eq!(issuer(&both).await, "http://auth.example.test:82");
    let public = [("x-zitadel-public-host", "auth.example.test:83")];
    assert_eq!(issuer(&public).await, "http://auth.example.test:83");
    let untrusted = issuer(&[("x-zitadel-public-host", "other.example.test")]).await;
    assert!(untrusted.contains("\"other.example.test\" not trusted"), "{untrusted}");
    let _ = double.take_violations();
}

#[tokio::test]
async fn the_published_keys_verify_jwt_session_tokens() {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(zitadel_double::NewUser::human("ada"));
    let request = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let token = double.session_token(&ada, request);
    let keys = send(http().get(format!("{}/oauth/v2/keys", double.issuer()))).await;
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keys.body).unwrap();
    let id = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&id).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.set_issuer(&[double.issuer()]);
    rules.set_audience(&[double.client_id().as_str()]);
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!(claims["sub"], ada.as_str());
}

#[tokio::test]
async fn every_domain_of_the_instance_is_an_issuer_of_its_own() {
    let builder = ZitadelDouble::builder().issuer("https://auth.example.test");
    let double = builder.domain("login.example.test").start().await;
    let document = discover(&double, "login.example.test").await.json();
    assert_eq!(document["issuer"], "https://login.example.test");
}

#[tokio::test]
async fn an_operator_may_move_the_introspection_endpoint() {
    let builder = ZitadelDouble::builder().introspection_path("/custom/introspect");
    let double = builder.start().await;
    let host = double.addr().to_string();
    let document = discover(&double, &host).await.json();
    assert_eq!(document["introspection_endpoint"], double.introspection_endpoint());
    assert!(double.introspection_endpoint().ends_with("/custom/introspect"));
    let token = double.pat(&double.add_user(zitadel_double::NewUser::service("svc")));
    let claims = crate::resource_server::introspect(&double, &token).await;
    assert_eq!(claims["active"], true);
}

#[tokio::test]
async fn the_document_offers_the_two_client_authentications_and_not_the_third() {
    let double = ZitadelDouble::start().await;
    let document = discover(&double, &double.addr().to_string()).await.json();
    let methods = &document["introspection_endpoint_auth_methods_supported"];
    assert_eq!(*methods, serde_json::json!(["client_secret_basic", "private_key_jwt"]));
    assert_eq!(document["request_uri_parameter_supported"], Value::Bool(false));
}

#[tokio::test]
async fn every_answer_forbids_caching_and_sets_a_cookie() {
    let double = ZitadelDouble::start().await;
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    let response = http().get(url).send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("pragma"), "no-cache");
    assert!(header("set-cookie").contains("zitadel.useragent="));
}

#[tokio::test]
async fn health_is_not_bound_to_a_host() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    for (path, body) in [("/debug/healthz", "ok"), ("/debug/ready", "\"ok\"")] {
        let got = send(http().get(format!("http://{}{path}", double.addr()))).await;
        assert_eq!((got.status, got.body.as_str()), (200, body), "{path}");
    }
}

#[tokio::test]
async fn an_issuer_with_a_path_or_another_scheme_does_not_start() {
    for wrong in ["https://auth.example.test/", "https://a.test/x", "ftp://a.test", "a.test", ""] {
        let outcome = ZitadelDouble::builder().issuer(wrong).try_start().await;
        assert!(outcome.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn metadata_vary_with_versions_and_settings() {
    let at = async |variants: &[MetadataVariant], path: &str| {
        let double = ZitadelDouble::builder();
        let double = variants.iter().fold(double, |double, variant| double.metadata(*variant));
        let double = double.start().await;
        send(http().get(format!("{}/.well-known/{path}", double.issuer()))).await
    };
    let (oidc, rfc_8414) = ("openid-configuration", "oauth-authorization-server");
    let baseline = at(&[], rfc_8414).await;
    assert_eq!((baseline.status, &baseline.json()["code"]), (404, &Value::from(5)));
    let right = at(&[MetadataVariant::AtRfc8414Path], rfc_8414).await.json();
    assert!(right["issuer"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    let wrong = at(&[MetadataVariant::OfAnotherIssuerAtRfc8414Path], rfc_8414).await.json();
    assert_eq!(wrong["issuer"], "https://another.example.test");
    let open = [
        MetadataVariant::RegistrationEndpoint,
        MetadataVariant::ClientIdMetadataDocuments,
        MetadataVariant::WithoutPkce,
        MetadataVariant::WithoutPublicClients,
    ];
    let (plain, varied) = (at(&[], oidc).await.json(), at(&open, oidc).await.json());
    assert_eq!(plain["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(plain["token_endpoint_auth_methods_supported"][0], "none");
    assert!(plain.get("registration_endpoint").is_none());
    assert!(varied.get("code_challenge_methods_supported").is_none());
    assert_eq!(varied["token_endpoint_auth_methods_supported"][0], "client_secret_basic");
    assert!(varied["registration_endpoint"].is_string());
    assert_eq!(varied["client_id_metadata_document_supported"], true);
}
