//! Other organizations: applications, users with and without a project grant, and Actions.

use serde_json::json;
use zitadel_double::Action;

use super::stage::OUR_AUDIENCE;
use super::{Question, Stage, Table};

pub(super) const TABLE: Table = &[
    ("pat_asked_by_api_of_foreign_organization", |stage, _| {
        by_foreigner(stage, &stage.pat(&stage.reader))
    }),
    ("foreign_org_app_before", |stage, _| by_foreigner(stage, "no-such-token")),
    ("organization_of_the_api_deactivated", |stage, _| {
        stage.double.deactivate_org(stage.double.foreign_org_id());
        by_foreigner(stage, "no-such-token")
    }),
    ("client_credentials_of_another_organization_with_our_audience", |stage, _| {
        about(stage, &credentials(stage))
    }),
    ("pat_with_role_by_project_grant", |stage, _| {
        grant(stage);
        about(stage, &stage.double.pat(&stage.stranger))
    }),
    ("client_credentials_with_role_by_project_grant", |stage, _| {
        grant(stage);
        about(stage, &credentials(stage))
    }),
    ("pat_with_role_by_deactivated_project_grant", |stage, _| {
        grant(stage);
        stage.double.deactivate_project_grant(stage.double.foreign_org_id());
        about(stage, &stage.double.pat(&stage.stranger))
    }),
    ("pat_with_claims_of_an_action", |stage, _| {
        let claims = [("team".to_owned(), json!({ "a": [1, 2] }))].into_iter().collect();
        let action = Action::adding("add", claims).logging("said something");
        stage.double.set_action(stage.double.foreign_org_id(), action);
        about(stage, &stage.double.pat(&stage.stranger))
    }),
    ("pat_of_user_whose_action_may_fail", |stage, _| {
        let action = Action::failing("add").allowed_to_fail();
        stage.double.set_action(stage.double.foreign_org_id(), action);
        about(stage, &stage.double.pat(&stage.stranger))
    }),
];

fn about(stage: &Stage, token: &str) -> Question {
    Question::about(stage, token)
}

fn by_foreigner(stage: &Stage, token: &str) -> Question {
    let client = stage.double.foreign_client_id().as_str();
    Question::by(client, &stage.double.foreign_client_secret(), token)
}

fn credentials(stage: &Stage) -> String {
    let scopes = format!("openid {OUR_AUDIENCE}");
    stage.credentials(&stage.stranger, "ha-stranger", &scopes)
}

fn grant(stage: &Stage) {
    let double = &stage.double;
    let (project, org) = (double.project_id(), double.foreign_org_id());
    double.grant_in(&stage.stranger, project, "read:messages", org);
}

#[tokio::test]
async fn other_organizations_are_answered_as_observed() {
    super::check(TABLE).await;
}
