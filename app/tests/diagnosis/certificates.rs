//! Tests of `app check` with TLS certificates.

use base64::{Engine, prelude::BASE64_STANDARD as STANDARD};
use zitadel_double::ZitadelDouble;

use crate::{
    check::{reason, step},
    run::{Environment, at, basic, run, said, with},
};

/// Runs `app check` against this double. Asserts that the step `discovery` fails with the reason
/// `word`, and returns this step's output.
fn failed(double: &ZitadelDouble, environment: &Environment, word: &str) -> String {
    assert_eq!(reason(environment), word);
    let ended = run(&["check"], environment, "");
    assert_eq!(ended.status, Some(1));
    step(&said(&ended, double), "discovery")
}

fn trusting(double: &ZitadelDouble, environment: Environment) -> (Environment, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, double.ca_pem().unwrap()).unwrap();
    (with(environment, "APP_ZITADEL__CA_FILE", file.to_str().unwrap()), directory)
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    assert_eq!(
        failed(&double, &basic(&double), "certificate_not_trusted"),
        "FAILED   discovery      the certificate of https://ADDRESS is not trusted: no known \
         authority signed it\n\
         \x20                       -> name your authority's certificate (PEM) in zitadel.ca_file"
    );
    let (environment, _directory) = trusting(&double, basic(&double));
    let ended = run(&["check"], &environment, "");
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let double = ZitadelDouble::builder()
        .issuer("https://auth.example.test")
        .tls(["other.example.test"])
        .start()
        .await;
    let connect_to = format!("https://{}", double.addr());
    let (environment, _directory) = trusting(&double, basic(&double));
    let environment = with(environment, "APP_ZITADEL__CONNECT_TO", connect_to);
    assert_eq!(
        failed(&double, &environment, "certificate_of_another_name"),
        "FAILED   discovery      the certificate of https://ADDRESS is for [\"other.example.test\"] \
         and not for auth.example.test\n\
         \x20                       -> set zitadel.domain to a name on the certificate, or get a \
         certificate for this one"
    );
}

#[tokio::test]
async fn a_certificate_that_has_expired() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).expired_certificate().start().await;
    let (environment, _directory) = trusting(&double, basic(&double));
    assert_eq!(
        failed(&double, &environment, "certificate_out_of_date"),
        "FAILED   discovery      the certificate of https://ADDRESS has expired, or is not valid \
         yet\n\
         \x20                       -> renew it; if it is fresh, set the clock of this machine"
    );
}

#[tokio::test]
async fn what_does_not_speak_tls() {
    let double = ZitadelDouble::start().await;
    let environment = at(&format!("https://{}", double.addr()));
    assert_eq!(
        failed(&double, &environment, "no_tls"),
        "FAILED   discovery      what answers at https://ADDRESS does not speak TLS\n\
         \x20                       -> the port may be one for plain http: check it; behind an \
         ingress that ends TLS set zitadel.connect_to to the http origin"
    );
}

#[tokio::test]
async fn a_certificate_that_no_server_should_have() {
    let of_an_authority = ZitadelDouble::builder().certificate_of_an_authority();
    let without_names = ZitadelDouble::builder().certificate_without_names();
    let wants_one = ZitadelDouble::builder().wants_client_certificate();
    for (builder, word, said) in [
        (
            of_an_authority,
            "certificate_of_an_authority",
            "is that of an authority, and no server's",
        ),
        (without_names, "certificate_without_a_name", "names no host: it has no subjectAltName"),
        // Over TLS 1.3 the server refuses the client only after the handshake, unseen by the HTTP
        // client.
        (wants_one, "interrupted", "it wants a client certificate, which cannot be given"),
    ] {
        let double = builder.tls(["127.0.0.1"]).start().await;
        let (environment, _directory) = trusting(&double, basic(&double));
        let step = failed(&double, &environment, word);
        assert!(step.contains(said), "{step}");
    }
}

/// The file `zitadel.ca_file`, a certificate authority's certificate, may be in DER or PEM.
#[tokio::test]
async fn an_authority_in_der() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let directory = tempfile::tempdir().unwrap();
    let pem = double.ca_pem().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap();
    for (content, status) in [(&der[..], 0), (pem.as_bytes(), 0), (&der[..20], 2), (b"0", 2)] {
        let file = directory.path().join("ca.der");
        std::fs::write(&file, content).unwrap();
        let file = file.to_str().unwrap();
        let environment = with(basic(&double), "APP_ZITADEL__CA_FILE", file);
        let ended = run(&["check"], &environment, "");
        assert_eq!(ended.status, Some(status), "{} bytes: {}", content.len(), ended.stdout);
    }
}
