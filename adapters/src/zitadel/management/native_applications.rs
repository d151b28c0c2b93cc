//! Management API calls for native applications: programs on people's machines that log people in
//! and have no secret (RFC 8252).

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Management, ManagementError, NativeApplication, NewApplication,
    answers::{text, texts},
    instance::malformed,
};

const NATIVE: &str = "OIDC_APP_TYPE_NATIVE";
const PUBLIC: &str = "OIDC_AUTH_METHOD_TYPE_NONE";

/// Grant types of the code flow with refresh tokens.
const GRANTS: [&str; 2] = ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"];

/// Fields of application settings that ZITADEL returns, but does not accept in a change.
const READ_ONLY: [&str; 5] =
    ["clientId", "version", "noneCompliant", "complianceProblems", "allowedOrigins"];

impl Management {
    /// Creates a native application for the code flow, with refresh tokens and opaque access
    /// tokens.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_native_application(
        &self,
        project: &str,
        name: &str,
        redirect_uris: &[String],
    ) -> Result<NewApplication, ManagementError> {
        let path = format!("/management/v1/projects/{project}/apps/oidc");
        let body = json!({
            "name": name,
            "redirectUris": redirect_uris,
            "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
            "grantTypes": GRANTS,
            "appType": NATIVE,
            "authMethodType": PUBLIC,
            "accessTokenType": "OIDC_TOKEN_TYPE_BEARER",
        });
        let answer = self.post(&path, &body).await?;
        let read = || {
            let (id, client_id) = (text(&answer, "appId")?, text(&answer, "clientId")?);
            Some(NewApplication { id, client_id, client_secret: None })
        };
        read().ok_or_else(|| malformed(&Method::POST, &path))
    }

    /// Adds missing redirect URIs and the grant types of the code flow to a native application.
    /// ZITADEL replaces all settings at once: the current ones are read first, and sent back with
    /// the additions.
    ///
    /// # Errors
    /// When a call fails, or the application does not exist.
    pub async fn extend_native_application(
        &self,
        project: &str,
        application: &str,
        redirect_uris: &[String],
    ) -> Result<(), ManagementError> {
        let path = format!("/management/v1/projects/{project}/apps/_search");
        let all = self.search(&path, &json!([])).await?;
        let of_it = |entry: &&Value| text(entry, "id").as_deref() == Some(application);
        let settings =
            all.iter().find(of_it).and_then(|entry| entry.get("oidcConfig")?.as_object());
        let mut settings = settings.cloned().ok_or_else(|| malformed(&Method::POST, &path))?;
        settings.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
        let before = settings.clone();
        extend(&mut settings, "redirectUris", redirect_uris.iter().map(String::as_str));
        extend(&mut settings, "grantTypes", GRANTS.into_iter());
        if settings == before {
            return Ok(());
        }
        let path = format!("/management/v1/projects/{project}/apps/{application}/oidc_config");
        self.put(&path, &settings.into()).await.map(drop)
    }
}

/// Parses the settings of an OIDC application; `None` unless it is native, without secret and key.
pub(super) fn native(settings: &Value) -> Option<NativeApplication> {
    let is = |name: &str, value: &str| text(settings, name).as_deref() == Some(value);
    if !is("appType", NATIVE) || !is("authMethodType", PUBLIC) {
        return None;
    }
    let held = texts(settings, "grantTypes");
    Some(NativeApplication {
        client_id: text(settings, "clientId")?,
        redirect_uris: texts(settings, "redirectUris"),
        may_refresh: GRANTS.iter().all(|grant| held.iter().any(|held| held == grant)),
    })
}

fn extend<'a>(settings: &mut Map<String, Value>, name: &str, texts: impl Iterator<Item = &'a str>) {
    let list = settings.entry(name).or_insert_with(|| json!([]));
    let Value::Array(list) = list else { return };
    for text in texts {
        if !list.iter().any(|known| known == text) {
            list.push(text.into());
        }
    }
}
