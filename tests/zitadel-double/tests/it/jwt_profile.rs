//! The grant `jwt-bearer` with a service user's own key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use zitadel_double::ZitadelDouble;

use crate::manager::Manager;
use crate::resource_server::{Got, http, introspect, send};

fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    since.as_secs()
}

/// Signs an assertion with a key file.
fn signed(file: &Value, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(file["keyId"].as_str().unwrap().to_owned());
    let pem = file["key"].as_str().unwrap().as_bytes();
    let key = EncodingKey::from_rsa_pem(pem).unwrap();
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

async fn token(double: &ZitadelDouble, assertion: &str) -> Got {
    let scope = format!("openid urn:zitadel:iam:org:project:id:{}:aud", double.project_id());
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", assertion),
        ("scope", &scope),
    ];
    send(http().post(format!("{}/oauth/v2/token", double.issuer())).form(&form)).await
}

#[tokio::test]
async fn a_service_user_gets_a_token_for_an_assertion_of_its_key_until_the_key_is_removed() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let user = admin.service_user("svc").await;
    let keys = format!("/management/v1/users/{user}/keys");
    let key = admin.post(&keys, json!({ "type": "KEY_TYPE_JSON" })).await;
    let file = STANDARD.decode(key["keyDetails"].as_str().unwrap()).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!((&file["type"], &file["userId"]), (&json!("serviceaccount"), &json!(user)));
    let claims = |audience: &str| {
        json!({
            "iss": user, "sub": user, "aud": audience, "iat": now(), "exp": now() + 600,
        })
    };
    let assertion = signed(&file, &claims(double.issuer()));
    let got = token(&double, &assertion).await;
    assert_eq!(got.status, 200, "{}", got.body);
    let claimed = introspect(&double, got.json()["access_token"].as_str().unwrap()).await;
    assert_eq!((&claimed["sub"], &claimed["client_id"]), (&json!(user), &json!("svc")));
    assert_eq!(claimed.get("amr"), None);
    for wrong in [signed(&file, &claims("https://elsewhere.example.test")), "none".to_owned()] {
        let got = token(&double, &wrong).await;
        assert_eq!((got.status, got.json()["error"].clone()), (500, json!("server_error")));
    }
    let id = admin.listed(&format!("{keys}/_search"), json!([]), "id").await.remove(0);
    admin.delete(&format!("{keys}/{id}")).await;
    assert_eq!(token(&double, &assertion).await.status, 500);
}
