//! Reads `key.json`, the key file that ZITADEL issues for an API application.

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::ClientId;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Deserialize;
use thiserror::Error;

/// Private key of an API application, with key id and client id.
pub(super) struct KeyFile {
    pub(super) client_id: ClientId,
    pub(super) key_id: String,
    pub(super) key: EncodingKey,
}

/// Reason why a text is not the key file of an API application. The reason repeats nothing of the
/// text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum KeyFileError {
    #[error(
        "it is not the key.json that ZITADEL gives out: a JSON object with type, keyId, key and \
         clientId"
    )]
    Format,
    #[error("it is the key.json in base64; decode it (base64 -d)")]
    Base64,
    #[error("it is the key.json inside of a JSON string; write the object itself (jq -r .)")]
    InString,
    #[error(
        "it is the key of a service account; create a key for the API application (authentication \
         method: JWT) and use that one"
    )]
    ServiceAccount,
    #[error("its type is not \"application\"")]
    Type,
    #[error("its key is no RSA private key of at least 2048 bits in PEM")]
    Key,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    r#type: String,
    key_id: Option<String>,
    key: Option<String>,
    client_id: Option<String>,
}

impl KeyFile {
    /// Reads the content of a `key.json`. Accepts the key as PKCS#1, which ZITADEL writes, or as
    /// PKCS#8.
    pub(super) fn parse(json: &str) -> Result<Self, KeyFileError> {
        let json = json.strip_prefix('\u{feff}').unwrap_or(json);
        let json: Json = serde_json::from_str(json).map_err(|_| wrapped(json))?;
        match json.r#type.as_str() {
            "application" => {}
            "serviceaccount" => return Err(KeyFileError::ServiceAccount),
            _ => return Err(KeyFileError::Type),
        }
        let key_id = json.key_id.filter(|key_id| !key_id.is_empty());
        let (Some(key_id), Some(key), Some(client_id)) = (key_id, json.key, json.client_id) else {
            return Err(KeyFileError::Format);
        };
        Ok(Self {
            client_id: ClientId::parse(&client_id).map_err(|_| KeyFileError::Format)?,
            key_id,
            key: signing_key(&key).ok_or(KeyFileError::Key)?,
        })
    }
}

/// Returns the error for a key file whose `text` is not the expected JSON object: `InString` if the
/// object is inside a JSON string, `Base64` if it is in base64, otherwise `Format`.
fn wrapped(text: &str) -> KeyFileError {
    let unbroken: String = text.split_whitespace().collect();
    let is_object = |bytes: &[u8]| bytes.trim_ascii_start().first() == Some(&b'{');
    if serde_json::from_str::<String>(text).is_ok_and(|text| is_object(text.as_bytes())) {
        KeyFileError::InString
    } else if [BASE64_STANDARD_INDIFFERENT, BASE64_URL_INDIFFERENT]
        .iter()
        .any(|base64| base64.decode(&unbroken).is_ok_and(|bytes| is_object(&bytes)))
    {
        KeyFileError::Base64
    } else {
        KeyFileError::Format
    }
}

const INDIFFERENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64_STANDARD_INDIFFERENT: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);
const BASE64_URL_INDIFFERENT: GeneralPurpose =
    GeneralPurpose::new(&alphabet::URL_SAFE, INDIFFERENT);

/// Parses a private key and makes a test signature, because valid PEM does not prove that a key can
/// sign.
fn signing_key(pem: &str) -> Option<EncodingKey> {
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &(), &key).ok()?;
    Some(key)
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("client_id", &self.client_id)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::zitadel::test_key::KEY_JSON;

    fn changed(change: impl FnOnce(&mut Value)) -> Result<KeyFile, KeyFileError> {
        let mut json = serde_json::from_str(KEY_JSON).unwrap();
        change(&mut json);
        KeyFile::parse(&json.to_string())
    }

    #[test]
    fn a_key_file_that_is_wrapped_is_read_or_says_how() {
        use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
        assert!(KeyFile::parse(&format!("\u{feff}{KEY_JSON}")).is_ok());
        assert!(KeyFile::parse(&KEY_JSON.replace('\n', "\r\n")).is_ok());
        let base64 = BASE64_STANDARD.encode(KEY_JSON);
        let (start, end) = base64.split_at(76);
        for (text, expected) in [
            (format!("{start}\r\n{end}"), KeyFileError::Base64),
            (base64, KeyFileError::Base64),
            (BASE64_URL_SAFE_NO_PAD.encode(KEY_JSON), KeyFileError::Base64),
            (json!(KEY_JSON).to_string(), KeyFileError::InString),
            (json!("text").to_string(), KeyFileError::Format),
            (BASE64_STANDARD.encode("text"), KeyFileError::Format),
        ] {
            assert_eq!(KeyFile::parse(&text).unwrap_err(), expected);
        }
    }

    fn truncated_key() -> String {
        let json: Value = serde_json::from_str(KEY_JSON).unwrap();
        let lines: Vec<_> = json["key"].as_str().unwrap().lines().collect();
        [&lines[..4], &lines[lines.len() - 1..]].concat().join("\n")
    }

    #[test]
    fn the_key_of_an_api_application_is_read() {
        let key_file = KeyFile::parse(KEY_JSON).unwrap();
        assert_eq!(key_file.client_id.as_str(), "340000000000000010");
        assert_eq!(key_file.key_id, "340000000000000020");
        let shown = format!("{key_file:?}");
        assert!(shown.contains("340000000000000020") && !shown.contains("PRIVATE"), "{shown}");
    }

    #[test]
    fn the_key_of_a_service_account_is_refused_in_words() {
        let service_account = json!({
            "type": "serviceaccount", "keyId": "1", "key": "x", "userId": "2",
            "expirationDate": "2030-01-01T00:00:00Z",
        });
        let error = KeyFile::parse(&service_account.to_string()).unwrap_err();
        assert_eq!(error, KeyFileError::ServiceAccount);
        assert!(error.to_string().contains("API application"), "{error}");
    }

    #[test]
    fn what_is_no_key_file_is_refused_and_not_repeated() {
        for (result, expected) in [
            (KeyFile::parse("top-secret"), KeyFileError::Format),
            (KeyFile::parse(r#"{"type":"application"}"#), KeyFileError::Format),
            (changed(|json| json["type"] = json!("top-secret")), KeyFileError::Type),
            (changed(|json| json["keyId"] = json!(null)), KeyFileError::Format),
            (changed(|json| json["key"] = json!(null)), KeyFileError::Format),
            (changed(|json| json["keyId"] = json!("")), KeyFileError::Format),
            (changed(|json| json["key"] = json!("")), KeyFileError::Key),
            (changed(|json| json["clientId"] = json!(null)), KeyFileError::Format),
            (changed(|json| json["clientId"] = json!("")), KeyFileError::Format),
            (changed(|json| json["key"] = json!("top-secret")), KeyFileError::Key),
            (changed(|json| json["key"] = json!(truncated_key())), KeyFileError::Key),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("top-secret"));
        }
    }
}
