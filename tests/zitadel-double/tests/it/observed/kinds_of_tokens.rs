//! Personal access tokens and client credentials tokens.

use std::time::Duration;

use zitadel_double::{Pat, SessionToken, TokenShape, UserState};

use super::stage::{OUR_AUDIENCE, client_credentials};
use super::{Question, Stage, Table};

pub(super) const TABLE: Table = &[
    ("pat_with_role", |stage, _| about(stage, &stage.pat(&stage.reader))),
    ("pat_without_role", |stage, _| about(stage, &stage.pat(&stage.no_role))),
    ("pat_with_another_role", |stage, _| about(stage, &stage.pat(&stage.other_role))),
    ("pat_of_another_organization_without_expiry", |stage, _| {
        about(stage, &stage.double.pat(&stage.stranger))
    }),
    ("pat_removed", |stage, _| {
        let token = stage.pat(&stage.reader);
        stage.double.remove_pat(&token);
        about(stage, &token)
    }),
    ("first_instance_admin_pat", |stage, _| {
        let expiry = Pat::ExpiresIn(Duration::from_secs(97_798_774));
        about(stage, &stage.double.pat_without_scopes(&stage.administrator, expiry))
    }),
    ("client_credentials_before_deactivation", |stage, _| about(stage, &deactivated(stage))),
    ("pat_of_deactivated_user", |stage, _| {
        let token = stage.pat(&stage.deactivated);
        stage.double.set_user_state(&stage.deactivated, UserState::Deactivated);
        about(stage, &token)
    }),
    ("client_credentials_of_deactivated_user", |stage, _| {
        let token = deactivated(stage);
        stage.double.set_user_state(&stage.deactivated, UserState::Deactivated);
        about(stage, &token)
    }),
    ("pat_after_reactivation", |stage, _| {
        let token = stage.pat(&stage.deactivated);
        stage.double.set_user_state(&stage.deactivated, UserState::Deactivated);
        stage.double.set_user_state(&stage.deactivated, UserState::Active);
        about(stage, &token)
    }),
    ("client_credentials_after_reactivation", |stage, _| {
        let token = deactivated(stage);
        stage.double.set_user_state(&stage.deactivated, UserState::Deactivated);
        stage.double.set_user_state(&stage.deactivated, UserState::Active);
        about(stage, &token)
    }),
    ("pat_of_locked_user", |stage, _| {
        let token = stage.pat(&stage.reader);
        stage.double.set_user_state(&stage.reader, UserState::Locked);
        about(stage, &token)
    }),
    ("client_credentials_opaque_with_audience_scope_and_role", |stage, _| {
        about(stage, &reader(stage, &format!("openid {OUR_AUDIENCE}")))
    }),
    ("client_credentials_opaque_without_audience_scope", |stage, _| {
        about(stage, &reader(stage, "openid"))
    }),
    ("client_credentials_profile_resourceowner_metadata", |stage, _| {
        let user = "urn:zitadel:iam:user";
        let user = format!("{user}:resourceowner {user}:metadata");
        about(stage, &reader(stage, &format!("openid profile email {OUR_AUDIENCE} {user}")))
    }),
    ("client_credentials_opaque_without_role", |stage, _| {
        let scopes = format!("openid {OUR_AUDIENCE}");
        about(stage, &stage.credentials(&stage.no_role, "ha-norole", &scopes))
    }),
    ("client_credentials_jwt_with_audience_scope_and_role", |stage, _| {
        about(stage, &jwt(stage, &format!("openid {OUR_AUDIENCE}")))
    }),
    ("client_credentials_jwt_without_audience_scope", |stage, _| {
        about(stage, &jwt(stage, "openid"))
    }),
    ("client_credentials_role_scope_of_another_role", |stage, _| {
        let role = "urn:zitadel:iam:org:project:role:other:role";
        about(stage, &reader(stage, &format!("openid {OUR_AUDIENCE} {role}")))
    }),
    ("client_credentials_roles_of_another_organization_only", |stage, _| {
        let org = "urn:zitadel:iam:org:roles:id:340000000000000201";
        about(stage, &reader(stage, &format!("openid {OUR_AUDIENCE} {org}")))
    }),
    ("client_credentials_without_openid", |stage, _| about(stage, &reader(stage, OUR_AUDIENCE))),
    ("client_credentials_of_two_projects", |stage, _| {
        let other = OUR_AUDIENCE.replace("340000000000000001", "340000000000000002");
        let roles = "urn:zitadel:iam:org:projects:roles";
        about(stage, &reader(stage, &format!("openid {OUR_AUDIENCE} {other} {roles}")))
    }),
    ("jwt_profile_opaque_with_audience_scope", |stage, _| {
        let request = SessionToken::jwt_profile("ha-reader", [stage.double.project_id()]);
        about(stage, &stage.double.session_token(&stage.reader, request))
    }),
];

fn about(stage: &Stage, token: &str) -> Question {
    Question::about(stage, token)
}

fn reader(stage: &Stage, scopes: &str) -> String {
    stage.credentials(&stage.reader, "ha-reader", scopes)
}

fn deactivated(stage: &Stage) -> String {
    stage.credentials(&stage.deactivated, "ha-deact", &format!("openid {OUR_AUDIENCE}"))
}

fn jwt(stage: &Stage, scopes: &str) -> String {
    let request = client_credentials("ha-jwtuser", scopes);
    let request = SessionToken { shape: TokenShape::Jwt, ..request };
    stage.double.session_token(&stage.jwt_user, request)
}

#[tokio::test]
async fn tokens_of_service_users_are_answered_as_observed() {
    super::check(TABLE).await;
}
