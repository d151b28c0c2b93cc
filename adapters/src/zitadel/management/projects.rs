//! Management API calls for projects and their roles.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Management, ManagementError, Project,
    answers::{is_active, text},
    instance::malformed,
};

/// Octets that are percent-encoded in a path segment (RFC 3986 §3.3).
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

impl Management {
    /// Finds projects by name, ignoring case. ZITADEL allows no two names that differ only in case.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn projects_named(&self, name: &str) -> Result<Vec<Project>, ManagementError> {
        let found = self.search("/management/v1/projects/_search", &named(name)).await?;
        Ok(found.iter().filter_map(project).collect())
    }

    /// Reads all projects of the organization.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn projects(&self) -> Result<Vec<Project>, ManagementError> {
        let found = self.search("/management/v1/projects/_search", &json!([])).await?;
        Ok(found.iter().filter_map(project).collect())
    }

    /// Creates a project with default settings, and returns its id.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_project(&self, name: &str) -> Result<String, ManagementError> {
        let path = "/management/v1/projects";
        let answer = self.post(path, &json!({ "name": name })).await?;
        text(&answer, "id").ok_or_else(|| malformed(&Method::POST, path))
    }

    /// Removes a project with everything in it.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn remove_project(&self, project: &str) -> Result<(), ManagementError> {
        self.delete(&format!("/management/v1/projects/{project}")).await
    }

    /// Reads the keys of a project's roles.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn roles(&self, project: &str) -> Result<Vec<String>, ManagementError> {
        let path = format!("/management/v1/projects/{project}/roles/_search");
        let found = self.search(&path, &json!([])).await?;
        Ok(found.iter().filter_map(|role| text(role, "key")).collect())
    }

    /// Creates roles with these keys, all or none. The display name of a role is its key.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_roles(
        &self,
        project: &str,
        keys: &[String],
    ) -> Result<(), ManagementError> {
        let role = |key: &String| json!({ "key": key, "displayName": key });
        let body = json!({ "roles": keys.iter().map(role).collect::<Vec<_>>() });
        self.post(&format!("/management/v1/projects/{project}/roles/_bulk"), &body).await.map(drop)
    }

    /// Removes a role, and takes it from every user who has it.
    ///
    /// # Errors
    /// When the call fails; [`NoManagementApi`](ManagementError::NoManagementApi) for a key with a
    /// slash, which ZITADEL's gateway does not accept in a path, encoded or not.
    pub async fn remove_role(&self, project: &str, key: &str) -> Result<(), ManagementError> {
        let key = utf8_percent_encode(key, SEGMENT);
        self.delete(&format!("/management/v1/projects/{project}/roles/{key}")).await
    }
}

/// Returns the query for entries with this name, ignoring case.
pub(super) fn named(name: &str) -> Value {
    json!([{ "nameQuery": { "name": name, "method": "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE" } }])
}

fn project(value: &Value) -> Option<Project> {
    Some(Project {
        id: text(value, "id")?,
        name: text(value, "name")?,
        is_active: is_active(value, "PROJECT_STATE_ACTIVE"),
    })
}
