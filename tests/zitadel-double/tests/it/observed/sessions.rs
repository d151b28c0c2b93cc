//! Tokens of logins.

use std::time::Duration;

use zitadel_double::{AppState, Audience, NewUser, Profile, SessionToken, UserId};

use super::stage::{EVERYTHING, OUR_AUDIENCE, PROFILE, session};
use super::{Question, Stage, Table};

pub(super) const TABLE: Table = &[
    ("session_opaque_with_role", |stage, _| about(stage, &stage.login(&stage.ada, EVERYTHING))),
    ("session_opaque_without_role", |stage, _| about(stage, &stage.login(&stage.guest, "openid"))),
    ("session_jwt", |stage, _| about(stage, &stage.jwt_login())),
    ("session_opaque_at_another_project", |stage, _| {
        let token = stage.login(&stage.ada, EVERYTHING);
        let client = stage.double.foreign_client_id().as_str();
        Question::by(client, &stage.double.foreign_client_secret(), &token)
    }),
    ("session_opaque_replaced_by_refresh", |stage, _| {
        let token = stage.login(&stage.ada, EVERYTHING);
        stage.double.refresh(&token);
        about(stage, &token)
    }),
    ("session_opaque_after_refresh", |stage, _| {
        let request = SessionToken { age: Duration::from_secs(71), ..session(EVERYTHING) };
        let token = stage.double.session_token(&stage.ada, request);
        about(stage, &stage.double.refresh(&token))
    }),
    ("session_jwt_replaced_by_refresh", |stage, _| {
        let token = stage.jwt_login();
        stage.double.refresh(&token);
        about(stage, &token)
    }),
    ("session_jwt_of_revoked_refresh_token", |stage, _| {
        let token = stage.jwt_login();
        stage.double.revoke_refresh(&token);
        about(stage, &token)
    }),
    ("session_opaque_of_ended_session", |stage, _| {
        let token = stage.login(&stage.guest, "openid");
        stage.double.end_session(&token);
        about(stage, &token)
    }),
    ("id_token", |stage, _| {
        let token = stage.login(&stage.ada, EVERYTHING);
        about(stage, &stage.double.id_token(&token))
    }),
    ("refresh_token", |stage, _| {
        let token = stage.login(&stage.ada, EVERYTHING);
        about(stage, &stage.double.refresh_token(&token))
    }),
    ("session_of_deactivated_issuing_app", |stage, _| {
        let token = stage.login(&stage.ada, PROFILE);
        stage.double.set_app_state(&"340000000000000011".into(), AppState::Deactivated);
        about(stage, &token)
    }),
    ("session_of_another_project_without_scope", |stage, _| {
        about(stage, &foreign_login(stage, "openid"))
    }),
    ("session_of_another_project_with_audience_scope", |stage, _| {
        about(stage, &foreign_login(stage, &format!("openid {OUR_AUDIENCE}")))
    }),
    ("session_of_deactivated_issuing_project", |stage, _| {
        let token = foreign_login(stage, &format!("openid {OUR_AUDIENCE}"));
        stage.double.set_project_active(stage.double.foreign_project_id(), false);
        about(stage, &token)
    }),
    ("session_custom_user_id_unverified_mail_phone", |stage, _| {
        let domain = "urn:zitadel:iam:org:domain:primary:ha-docs.localhost";
        let bob = bob(stage);
        about(stage, &stage.login(&bob, &format!("openid profile email phone {domain}")))
    }),
];

fn about(stage: &Stage, token: &str) -> Question {
    Question::about(stage, token)
}

fn foreign_login(stage: &Stage, scopes: &str) -> String {
    let audience = Audience::Project(stage.double.foreign_project_id().clone());
    let client_id = Some(stage.foreign_front_end().to_string());
    let request = SessionToken { audience, client_id, ..session(scopes) };
    stage.double.session_token(&stage.ada, request)
}

fn bob(stage: &Stage) -> UserId {
    let text = |text: &str| Some(text.to_owned());
    let profile = Profile {
        nickname: text("B"),
        gender: text("male"),
        locale: text("en"),
        phone: text("+41791234567"),
        ..Profile::named("Bob", "Doe")
    };
    stage.double.add_user(NewUser {
        id: Some("ha-custom-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".into()),
        email: text("bob@example.com"),
        email_verified: false,
        profile,
        ..NewUser::human("ha-bob")
    })
}

#[tokio::test]
async fn tokens_of_people_are_answered_as_observed() {
    super::check(TABLE).await;
}
