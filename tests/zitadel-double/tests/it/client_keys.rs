//! `private_key_jwt`, with real signatures.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use zitadel_double::{ClientRefusal, KeyId, NewUser, Violation, ZitadelDouble};

use crate::resource_server::{Got, http, inactive, send, unauthorized_client};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Parts of an assertion that a test can falsify.
struct Signer {
    key_file: Value,
    header: Header,
    claims: Value,
}

#[expect(clippy::disallowed_methods, reason = "assertions are judged by the real clock")]
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

impl Signer {
    fn new(double: &ZitadelDouble) -> Self {
        Self::with(double, &double.key_json())
    }

    fn with(double: &ZitadelDouble, key_json: &str) -> Self {
        let key_file: Value = serde_json::from_str(key_json).unwrap();
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(key_file["keyId"].as_str().unwrap().to_owned());
        let client = key_file["clientId"].clone();
        let claims = json!({
            "iss": client, "sub": client, "aud": double.issuer(), "jti": "one",
            "iat": now() - 5, "exp": now() + 600,
        });
        Self { key_file, header, claims }
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self
    }

    fn sign(&self) -> String {
        let pem = self.key_file["key"].as_str().unwrap();
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        encode(&self.header, &self.claims, &key).unwrap()
    }
}

async fn ask(double: &ZitadelDouble, assertion: &str, token: &str) -> Got {
    let form = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
        ("token", token),
    ];
    send(http().post(double.introspection_endpoint()).form(&form)).await
}

async fn is_refused(double: &ZitadelDouble, assertion: &str, because: ClientRefusal) {
    let got = ask(double, assertion, "t").await;
    assert_eq!((got.status, got.json()), (400, unauthorized_client()), "{because:?}");
    let violations = double.take_violations();
    let found = violations.iter().any(
        |one| matches!(one, Violation::ClientRefused { because: found, .. } if *found == because),
    );
    assert!(found, "{because:?} is not in {violations:?}");
}

#[tokio::test]
async fn a_good_assertion_is_accepted_again_and_again() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let assertion = Signer::new(&double).sign();
    for _ in 0..3 {
        assert_eq!(ask(&double, &assertion, &token).await.json()["active"], true);
    }
}

#[tokio::test]
async fn a_recorded_request_names_the_key_and_shows_no_assertion() {
    let double = ZitadelDouble::start().await;
    let (id, file) = double.add_key(double.key_client_id());
    let assertion = Signer::with(&double, &file).sign();
    ask(&double, &assertion, "t").await;
    let recorded = double.requests();
    assert_eq!(recorded[0].key_id.as_ref(), Some(&id));
    assert!(!format!("{recorded:?}").contains(assertion.rsplit('.').next().unwrap()));
}

#[tokio::test]
async fn the_key_file_is_zitadels_with_a_pkcs1_pem() {
    let double = ZitadelDouble::start().await;
    let file: Value = serde_json::from_str(&double.key_json()).unwrap();
    let members: Vec<&String> = file.as_object().unwrap().keys().collect();
    assert_eq!(members, ["appId", "clientId", "key", "keyId", "type"]);
    assert_eq!(file["type"], "application");
    assert_eq!(file["clientId"], double.key_client_id().as_str());
    let pem = file["key"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert!(pem.lines().all(|line| line.len() <= 64));
}

#[tokio::test]
async fn the_audience_must_be_the_issuer_letter_by_letter() {
    let double = ZitadelDouble::start().await;
    let good = Signer::new(&double).claim("aud", json!(["other", double.issuer()]));
    assert_eq!(ask(&double, &good.sign(), "t").await.status, 200);
    for wrong in [format!("{}/", double.issuer()), double.issuer().replace("http", "https")] {
        let signer = Signer::new(&double).claim("aud", json!(wrong)).claim("jti", json!(wrong));
        is_refused(&double, &signer.sign(), ClientRefusal::Audience).await;
    }
    let signer = Signer::new(&double).without("aud").claim("jti", json!("two"));
    is_refused(&double, &signer.sign(), ClientRefusal::Audience).await;
}

#[tokio::test]
async fn issuer_and_subject_must_both_be_the_client() {
    let double = ZitadelDouble::start().await;
    let signer = Signer::new(&double).claim("sub", json!("somebody"));
    is_refused(&double, &signer.sign(), ClientRefusal::IssuerAndSubject).await;
    let signer = Signer::new(&double).without("iss").without("sub");
    is_refused(&double, &signer.sign(), ClientRefusal::IssuerAndSubject).await;
}

#[tokio::test]
async fn an_assertion_expires_a_second_early() {
    let double = ZitadelDouble::start().await;
    for expiry in [now(), now() + 1] {
        let signer = Signer::new(&double).claim("exp", json!(expiry));
        is_refused(&double, &signer.sign(), ClientRefusal::Expired).await;
    }
    let signer = Signer::new(&double).without("exp");
    is_refused(&double, &signer.sign(), ClientRefusal::Expired).await;
}

#[tokio::test]
async fn the_time_of_issue_must_be_there_and_within_the_last_hour() {
    let double = ZitadelDouble::start().await;
    let signer = Signer::new(&double).without("iat");
    is_refused(&double, &signer.sign(), ClientRefusal::NoIssuedAt).await;
    let signer = Signer::new(&double).claim("iat", json!(now() + 30));
    is_refused(&double, &signer.sign(), ClientRefusal::IssuedInTheFuture).await;
    let signer = Signer::new(&double).claim("iat", json!(now() - 3601));
    is_refused(&double, &signer.sign(), ClientRefusal::IssuedTooLongAgo).await;
    let signer = Signer::new(&double).claim("iat", json!(now() - 3000)).claim("jti", json!("2"));
    assert_eq!(ask(&double, &signer.sign(), "t").await.status, 200);
}

#[tokio::test]
async fn the_key_must_be_registered_under_that_kid() {
    let double = ZitadelDouble::start().await;
    let mut signer = Signer::new(&double);
    signer.header.kid = Some("999".into());
    is_refused(&double, &signer.sign(), ClientRefusal::UnknownKey).await;
    signer.header.kid = None;
    is_refused(&double, &signer.sign(), ClientRefusal::UnknownKey).await;
}

#[tokio::test]
async fn a_signature_by_another_key_is_refused() {
    let double = ZitadelDouble::start().await;
    let (_, other) = double.add_key(double.key_client_id());
    let mut signer = Signer::with(&double, &other);
    signer.header.kid = Signer::new(&double).header.kid;
    is_refused(&double, &signer.sign(), ClientRefusal::Signature).await;
}

#[tokio::test]
async fn another_algorithm_is_refused_even_when_the_key_fits() {
    let double = ZitadelDouble::start().await;
    let mut signer = Signer::new(&double);
    signer.header.alg = Algorithm::RS512;
    is_refused(&double, &signer.sign(), ClientRefusal::Algorithm).await;
}

#[tokio::test]
async fn a_removed_key_is_refused_and_a_further_key_works() {
    let double = ZitadelDouble::start().await;
    let old = Signer::new(&double);
    let (_, file) = double.add_key(double.key_client_id());
    let id = KeyId::from(old.key_file["keyId"].as_str().unwrap());
    double.remove_key(double.key_client_id(), &id);
    is_refused(&double, &old.sign(), ClientRefusal::UnknownKey).await;
    let new = Signer::with(&double, &file).claim("jti", json!("two"));
    assert_eq!(ask(&double, &new.sign(), "t").await.status, 200);
}

#[tokio::test]
async fn an_assertion_that_is_no_jws_reads_like_a_dead_token() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    for assertion in ["x", "a.b.c", "e30.e30", "e30.W10.", "e30.!.e30"] {
        let got = ask(&double, assertion, &token).await;
        assert_eq!((got.status, got.json()), (200, inactive()), "{assertion}");
        assert_eq!(double.take_violations(), [Violation::AssertionUnparseable], "{assertion}");
    }
}

#[tokio::test]
async fn the_assertion_type_must_be_exact() {
    let double = ZitadelDouble::start().await;
    let assertion = Signer::new(&double).sign();
    let form = [("client_assertion", assertion.as_str()), ("token", "t")];
    let got = send(http().post(double.introspection_endpoint()).form(&form)).await;
    assert_eq!((got.status, got.json()["error"].clone()), (400, json!("invalid_request")));
}

#[tokio::test]
async fn two_assertions_with_one_jti_are_a_violation_though_zitadel_does_not_mind() {
    let double = ZitadelDouble::start().await;
    let first = Signer::new(&double).sign();
    let second = Signer::new(&double).claim("exp", json!(now() + 700)).sign();
    for assertion in [&first, &second] {
        assert_eq!(ask(&double, assertion, "t").await.status, 200);
    }
    assert_eq!(double.take_violations(), [Violation::AssertionJtiReused]);
}

#[tokio::test]
async fn an_assertion_without_jti_or_of_long_life_is_a_violation() {
    let double = ZitadelDouble::start().await;
    assert_eq!(ask(&double, &Signer::new(&double).without("jti").sign(), "t").await.status, 200);
    assert_eq!(double.take_violations(), [Violation::AssertionWithoutJti]);
    let lasting = now() + Duration::from_hours(2).as_secs().cast_signed();
    let signer = Signer::new(&double).claim("exp", json!(lasting));
    assert_eq!(ask(&double, &signer.sign(), "t").await.status, 200);
    assert_eq!(double.take_violations(), [Violation::AssertionLifetime]);
}

#[tokio::test]
async fn behind_an_ingress_the_audience_is_the_public_issuer() {
    let builder = ZitadelDouble::builder().issuer("https://auth.example.test");
    let double = builder.start().await;
    let form = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &Signer::new(&double).sign()),
        ("token", "t"),
    ];
    let url = format!("http://{}/oauth/v2/introspect", double.addr());
    let request = http().post(url).header("host", "auth.example.test").form(&form);
    assert_eq!(send(request).await.status, 200);
}
