//! Management API calls for applications, their secrets and keys.

use std::time::SystemTime;

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Application, ApplicationKind, Key, Management, ManagementError, NewApplication, NewKey,
    answers::{is_active, text, time},
    instance::malformed,
    native_applications::native,
    projects::named,
};

impl Management {
    /// Finds the applications of a project by name, ignoring case.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn applications_named(
        &self,
        project: &str,
        name: &str,
    ) -> Result<Vec<Application>, ManagementError> {
        let path = format!("/management/v1/projects/{project}/apps/_search");
        Ok(self.search(&path, &named(name)).await?.iter().filter_map(application).collect())
    }

    /// Reads all applications of a project.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn applications(&self, project: &str) -> Result<Vec<Application>, ManagementError> {
        let path = format!("/management/v1/projects/{project}/apps/_search");
        Ok(self.search(&path, &json!([])).await?.iter().filter_map(application).collect())
    }

    /// Creates an API application that authenticates by a key if `by_key` is set, otherwise by a
    /// secret.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_application(
        &self,
        project: &str,
        name: &str,
        by_key: bool,
    ) -> Result<NewApplication, ManagementError> {
        let path = format!("/management/v1/projects/{project}/apps/api");
        let method = if by_key { KEY } else { "API_AUTH_METHOD_TYPE_BASIC" };
        let answer = self.post(&path, &json!({ "name": name, "authMethodType": method })).await?;
        let read = || {
            Some(NewApplication {
                id: text(&answer, "appId")?,
                client_id: text(&answer, "clientId")?,
                client_secret: text(&answer, "clientSecret").map(Into::into),
            })
        };
        read().ok_or_else(|| malformed(&Method::POST, &path))
    }

    /// Generates a new client secret for an application, which replaces the old one.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn generate_secret(
        &self,
        project: &str,
        application: &str,
    ) -> Result<secrecy::SecretString, ManagementError> {
        let path = format!(
            "/management/v1/projects/{project}/apps/{application}/api_config/_generate_client_secret"
        );
        let answer = self.post(&path, &json!({})).await?;
        let secret = text(&answer, "clientSecret").map(Into::into);
        secret.ok_or_else(|| malformed(&Method::POST, &path))
    }

    /// Removes an application.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn remove_application(
        &self,
        project: &str,
        application: &str,
    ) -> Result<(), ManagementError> {
        self.delete(&format!("/management/v1/projects/{project}/apps/{application}")).await
    }

    /// Reads the keys of an application.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn keys(
        &self,
        project: &str,
        application: &str,
    ) -> Result<Vec<Key>, ManagementError> {
        let path = format!("/management/v1/projects/{project}/apps/{application}/keys/_search");
        let key = |key: &Value| {
            let expires = text(key, "expirationDate").unwrap_or_default();
            Some(Key { id: text(key, "id")?, expires })
        };
        Ok(self.search(&path, &json!([])).await?.iter().filter_map(key).collect())
    }

    /// Creates a key for an application, valid until `expires`.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_key(
        &self,
        project: &str,
        application: &str,
        expires: SystemTime,
    ) -> Result<NewKey, ManagementError> {
        let path = format!("/management/v1/projects/{project}/apps/{application}/keys");
        let body = json!({ "type": "KEY_TYPE_JSON", "expirationDate": time(expires) });
        let answer = self.post(&path, &body).await?;
        let read = || {
            let file = BASE64_STANDARD.decode(text(&answer, "keyDetails")?).ok()?;
            let file = String::from_utf8(file).ok()?.into();
            Some(NewKey { id: text(&answer, "id")?, file })
        };
        read().ok_or_else(|| malformed(&Method::POST, &path))
    }

    /// Removes a key of an application.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn remove_key(
        &self,
        project: &str,
        application: &str,
        key: &str,
    ) -> Result<(), ManagementError> {
        self.delete(&format!("/management/v1/projects/{project}/apps/{application}/keys/{key}"))
            .await
    }
}

const KEY: &str = "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT";

fn application(value: &Value) -> Option<Application> {
    let kind = if let Some(api) = value.get("apiConfig") {
        let client_id = text(api, "clientId")?;
        // ZITADEL leaves out the first value of an enumeration, which here means a client secret.
        if text(api, "authMethodType").as_deref() == Some(KEY) {
            ApplicationKind::Key { client_id }
        } else {
            ApplicationKind::Basic { client_id }
        }
    } else {
        let native = value.get("oidcConfig").and_then(native);
        native.map_or(ApplicationKind::Other, ApplicationKind::Native)
    };
    Some(Application {
        id: text(value, "id")?,
        name: text(value, "name")?,
        is_active: is_active(value, "APP_STATE_ACTIVE"),
        kind,
    })
}
