//! Management API calls for the administrator and the instance.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Management, ManagementError, Organization, answers::text};

impl Management {
    /// Reads the organization in which this client's management calls act.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn organization(&self) -> Result<Organization, ManagementError> {
        let path = "/management/v1/orgs/me";
        let answer = self.get(path).await?;
        let read =
            |org: &Value| Some(Organization { id: text(org, "id")?, name: text(org, "name")? });
        answer.get("org").and_then(read).ok_or_else(|| malformed(&Method::GET, path))
    }

    /// Reads the administrator's user name.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn own_name(&self) -> Result<String, ManagementError> {
        let path = "/auth/v1/users/me";
        let answer = self.get(path).await?;
        let name = answer.get("user").and_then(|user| text(user, "userName"));
        name.ok_or_else(|| malformed(&Method::GET, path))
    }

    /// Reads the permissions of the administrator, such as `project.write`.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn permissions(&self) -> Result<Vec<String>, ManagementError> {
        let answer = self.post("/auth/v1/permissions/zitadel/me/_search", &json!({})).await?;
        let names = answer.get("result").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        Ok(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// Reads the manager roles that a user has on the instance.
    ///
    /// # Errors
    /// When the call fails; [`Forbidden`](ManagementError::Forbidden) for all but managers of the
    /// instance.
    pub async fn instance_roles(&self, user: &str) -> Result<Vec<String>, ManagementError> {
        let queries = json!([{ "userIdQuery": { "userId": user } }]);
        let members = self.search("/admin/v1/members/_search", &queries).await?;
        let roles = members.iter().filter_map(|member| member.get("roles")?.as_array());
        Ok(roles.flatten().filter_map(|role| role.as_str().map(str::to_owned)).collect())
    }

    /// Gives a user a manager role on the instance.
    ///
    /// # Errors
    /// When the call fails; [`Forbidden`](ManagementError::Forbidden) for all but owners of the
    /// instance.
    pub async fn add_instance_role(&self, user: &str, role: &str) -> Result<(), ManagementError> {
        let body = json!({ "userId": user, "roles": [role] });
        self.post("/admin/v1/members", &body).await.map(drop)
    }
}

pub(super) fn malformed(method: &Method, path: &str) -> ManagementError {
    ManagementError::Malformed { call: format!("{method} {path}") }
}
