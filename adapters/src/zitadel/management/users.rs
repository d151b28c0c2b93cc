//! Management API calls for service users, their role assignments and tokens.

use std::time::SystemTime;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Grant, Management, ManagementError, NewToken, PersonalAccessToken, User, UserKind,
    answers::{is_active, text, texts, time},
    instance::malformed,
};

impl Management {
    /// Finds users by user name, ignoring case.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn users_named(&self, name: &str) -> Result<Vec<User>, ManagementError> {
        let queries = json!([{
            "userNameQuery": { "userName": name, "method": "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE" }
        }]);
        let found = self.search("/management/v1/users/_search", &queries).await?;
        Ok(found.iter().filter_map(user).collect())
    }

    /// Creates a service user with opaque access tokens, and returns its id.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_service_user(&self, name: &str) -> Result<String, ManagementError> {
        let path = "/management/v1/users/machine";
        let body = json!({
            "userName": name, "name": name, "accessTokenType": "ACCESS_TOKEN_TYPE_BEARER"
        });
        let answer = self.post(path, &body).await?;
        text(&answer, "userId").ok_or_else(|| malformed(&Method::POST, path))
    }

    /// Removes a user with everything that belongs to the user.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn remove_user(&self, user: &str) -> Result<(), ManagementError> {
        self.delete(&format!("/management/v1/users/{user}")).await
    }

    /// Reads the role assignments of a user in a project.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn grants(&self, user: &str, project: &str) -> Result<Vec<Grant>, ManagementError> {
        let queries = json!([
            { "userIdQuery": { "userId": user } },
            { "projectIdQuery": { "projectId": project } }
        ]);
        let found = self.search("/management/v1/users/grants/_search", &queries).await?;
        Ok(found.iter().filter_map(grant).collect())
    }

    /// Reads the role assignments of a project, each with the id of its user.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn grants_of_project(
        &self,
        project: &str,
    ) -> Result<Vec<(Grant, String)>, ManagementError> {
        let queries = json!([{ "projectIdQuery": { "projectId": project } }]);
        let found = self.search("/management/v1/users/grants/_search", &queries).await?;
        Ok(found.iter().filter_map(|value| Some((grant(value)?, text(value, "userId")?))).collect())
    }

    /// Assigns roles of a project to a user without a role assignment in this project. Returns the
    /// new assignment's id.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_grant(
        &self,
        user: &str,
        project: &str,
        roles: &[String],
    ) -> Result<String, ManagementError> {
        let path = format!("/management/v1/users/{user}/grants");
        let answer = self.post(&path, &json!({ "projectId": project, "roleKeys": roles })).await?;
        text(&answer, "userGrantId").ok_or_else(|| malformed(&Method::POST, &path))
    }

    /// Replaces the roles of a role assignment.
    ///
    /// # Errors
    /// When the call fails, also if `roles` are the assigned ones already.
    pub async fn change_grant(
        &self,
        user: &str,
        grant: &str,
        roles: &[String],
    ) -> Result<(), ManagementError> {
        let path = format!("/management/v1/users/{user}/grants/{grant}");
        self.put(&path, &json!({ "roleKeys": roles })).await.map(drop)
    }

    /// Removes a role assignment.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn remove_grant(&self, user: &str, grant: &str) -> Result<(), ManagementError> {
        self.delete(&format!("/management/v1/users/{user}/grants/{grant}")).await
    }

    /// Reads the personal access tokens of a user.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn tokens(&self, user: &str) -> Result<Vec<PersonalAccessToken>, ManagementError> {
        let path = format!("/management/v1/users/{user}/pats/_search");
        let token = |token: &Value| {
            Some(PersonalAccessToken {
                id: text(token, "id")?,
                expires: text(token, "expirationDate").unwrap_or_default(),
            })
        };
        Ok(self.search(&path, &json!([])).await?.iter().filter_map(token).collect())
    }

    /// Creates a personal access token for a user, valid until `expires`.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn create_token(
        &self,
        user: &str,
        expires: SystemTime,
    ) -> Result<NewToken, ManagementError> {
        let path = format!("/management/v1/users/{user}/pats");
        let answer = self.post(&path, &json!({ "expirationDate": time(expires) })).await?;
        let read = || {
            Some(NewToken { id: text(&answer, "tokenId")?, token: text(&answer, "token")?.into() })
        };
        read().ok_or_else(|| malformed(&Method::POST, &path))
    }

    /// Removes a personal access token of a user.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn remove_token(&self, user: &str, token: &str) -> Result<(), ManagementError> {
        self.delete(&format!("/management/v1/users/{user}/pats/{token}")).await
    }
}

fn user(value: &Value) -> Option<User> {
    let kind = if value.get("machine").is_some() { UserKind::Service } else { UserKind::Person };
    Some(User {
        id: text(value, "id")?,
        name: text(value, "userName")?,
        is_active: is_active(value, "USER_STATE_ACTIVE"),
        kind,
    })
}

fn grant(value: &Value) -> Option<Grant> {
    Some(Grant {
        id: text(value, "id")?,
        roles: texts(value, "roleKeys"),
        is_active: is_active(value, "USER_GRANT_STATE_ACTIVE"),
    })
}
