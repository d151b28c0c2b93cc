//! Tests, over sockets, of the settings `connect_to` and `root_certificates`, and of HTTP/2.

use adapters::zitadel::{HttpClientError, RootCertificates, ZitadelIntrospector, ZitadelSettings};
use domain::Introspection;
use http::Version;
use zitadel_double::ZitadelDouble;

use crate::{active_token, ask, assert_active, reason, setup};

const DOMAIN: &str = "https://auth.example.test";

fn connected_to(double: &ZitadelDouble, origin: &str) -> ZitadelSettings {
    ZitadelSettings { connect_to: Some(origin.parse().unwrap()), ..setup::basic(double) }
}

#[tokio::test]
async fn https_goes_elsewhere_with_the_domains_tls_name_and_by_http_2() {
    let double = ZitadelDouble::builder().issuer(DOMAIN).tls(["auth.example.test"]).start().await;
    let settings = connected_to(&double, &format!("https://{}", double.addr()));
    assert_active(&ask(&setup::introspector(settings), &active_token(&double)).await);
    let introspection = double.requests().pop().unwrap();
    assert_eq!(introspection.host, "auth.example.test");
    assert_eq!(introspection.version, Version::HTTP_2);
}

#[tokio::test]
async fn https_may_go_to_a_name_that_is_looked_up() {
    let double = ZitadelDouble::builder().issuer(DOMAIN).tls(["auth.example.test"]).start().await;
    let origin = format!("https://localhost:{}", double.addr().port());
    let settings = connected_to(&double, &origin);
    assert_active(&ask(&setup::introspector(settings), &active_token(&double)).await);
}

#[tokio::test]
async fn a_certificate_of_another_name_is_not_trusted() {
    let double = ZitadelDouble::builder().issuer(DOMAIN).tls(["other.example.test"]).start().await;
    let settings = connected_to(&double, &format!("https://{}", double.addr()));
    let answer = ask(&setup::introspector(settings), &active_token(&double)).await;
    assert_eq!(reason(&answer), "unreachable");
}

#[tokio::test]
async fn a_private_certificate_is_trusted_by_the_ca_file_alone() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let token = active_token(&double);
    assert_active(&ask(&setup::introspector(setup::basic(&double)), &token).await);
    let settings = ZitadelSettings { root_certificates: None, ..setup::basic(&double) };
    assert_eq!(reason(&ask(&setup::introspector(settings), &token).await), "unreachable");
}

// An ingress terminates TLS, and the API bypasses it: the public name stays in `Host`.
#[tokio::test]
async fn plain_http_goes_to_what_is_behind_the_ingress() {
    let double = ZitadelDouble::builder().issuer(DOMAIN).start().await;
    for settings in [setup::basic(&double), setup::key(&double)] {
        let connect_to = Some(format!("http://{}", double.addr()).parse().unwrap());
        let settings = ZitadelSettings { connect_to, ..settings };
        assert_active(&ask(&setup::introspector(settings), &active_token(&double)).await);
        assert_eq!(double.requests().pop().unwrap().host, "auth.example.test");
        double.reset_counts();
    }
}

#[tokio::test]
async fn without_the_public_name_zitadel_does_not_know_its_instance() {
    let double = ZitadelDouble::builder().issuer(DOMAIN).start().await;
    let settings = ZitadelSettings {
        domain: format!("http://{}", double.addr()).parse().unwrap(),
        ..setup::basic(&double)
    };
    let answer = ask(&setup::introspector(settings), &active_token(&double)).await;
    assert_eq!(reason(&answer), "unexpected_status");
    drop(double.take_violations());
}

#[tokio::test]
async fn what_cannot_be_honoured_is_refused_at_start() {
    let double = ZitadelDouble::start().await;
    for (domain, connect_to) in [
        ("https://10.0.0.1", "https://10.0.0.7"),
        ("https://[::1]", "https://10.0.0.7"),
        ("https://auth.example.test:8443", "https://10.0.0.7"),
        ("https://auth.example.test:8443", "https://10.0.0.7:443"),
        ("http://localhost:8080", "https://10.0.0.7"),
    ] {
        let settings = ZitadelSettings {
            domain: domain.parse().unwrap(),
            ..connected_to(&double, connect_to)
        };
        let error = ZitadelIntrospector::new(settings).unwrap_err();
        assert!(matches!(error, HttpClientError::ConnectTo(_)), "{domain} {connect_to}");
    }
    let with_endpoint = |endpoint: &str| {
        ZitadelIntrospector::new(ZitadelSettings {
            domain: DOMAIN.parse().unwrap(),
            introspection_endpoint: Some(endpoint.parse().unwrap()),
            ..connected_to(&double, "https://10.0.0.7")
        })
    };
    let elsewhere = with_endpoint("https://other.example.test/introspect").unwrap_err();
    assert!(matches!(elsewhere, HttpClientError::ConnectTo(_)));
    assert!(with_endpoint("https://auth.example.test/introspect").is_ok());
    let same_port = ZitadelSettings {
        domain: "https://auth.example.test:8443".parse().unwrap(),
        ..connected_to(&double, "https://10.0.0.7:8443")
    };
    assert!(ZitadelIntrospector::new(same_port).is_ok());
}

#[tokio::test]
async fn further_root_certificates_must_be_some() {
    let double = ZitadelDouble::start().await;
    for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "text"] {
        let root_certificates = Some(RootCertificates::from_pem(pem.as_bytes()));
        let settings = ZitadelSettings { root_certificates, ..setup::basic(&double) };
        let error = ZitadelIntrospector::new(settings).unwrap_err();
        assert!(matches!(error, HttpClientError::RootCertificates), "{pem:?} is {error}");
    }
}

// An ingress may spell the host in its own way. ZITADEL takes that spelling byte for byte as its
// issuer, in metadata, in claims and in the audience of assertions.
#[tokio::test]
async fn an_issuer_is_the_same_in_every_spelling_and_an_assertion_uses_the_servers() {
    for (host, domain) in [
        ("auth.example.test:443", "https://auth.example.test"),
        ("Auth.Example.TEST", "https://auth.example.test"),
        ("AUTH.example.test:443", "https://auth.example.test:443"),
        ("auth.example.test", "HTTPS://auth.EXAMPLE.test:443/"),
        ("[0:0:0:0:0:0:0:1]:8443", "https://[::1]:8443"),
    ] {
        let double = ZitadelDouble::builder()
            .issuer(&format!("https://{host}"))
            .host_of_ingress(host)
            .start()
            .await;
        for settings in [setup::basic(&double), setup::key(&double)] {
            let settings = ZitadelSettings {
                domain: domain.parse().unwrap(),
                connect_to: Some(format!("http://{}", double.addr()).parse().unwrap()),
                ..settings
            };
            let expected = settings.domain.issuer().clone();
            let answer = ask(&setup::introspector(settings), &active_token(&double)).await;
            match answer {
                Ok(Introspection::Active(token)) => {
                    assert_eq!(token.principal.issuer.as_ref(), Some(&expected), "{host}");
                }
                other => panic!("{host} {domain}: {other:?}"),
            }
        }
    }
}
