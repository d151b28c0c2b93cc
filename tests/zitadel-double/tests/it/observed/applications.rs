//! Changed, deactivated or removed applications and projects.

use jsonwebtoken::Algorithm;
use zitadel_double::AppState;

use super::signed_assertion::by_key;
use super::{Question, Stage, Table};

pub(super) const TABLE: Table = &[
    ("app_deactivated", |stage, _| {
        stage.double.set_app_state(stage.double.client_id(), AppState::Deactivated);
        by_secret(stage)
    }),
    ("app_deactivated_with_assertion", |stage, _| {
        stage.double.set_app_state(stage.double.key_client_id(), AppState::Deactivated);
        by_assertion(stage)
    }),
    ("project_deactivated", |stage, _| {
        stage.double.deactivate_project();
        by_secret(stage)
    }),
    ("project_deactivated_with_assertion", |stage, _| {
        stage.double.deactivate_project();
        by_assertion(stage)
    }),
    ("old_secret_after_a_new_one", |stage, _| {
        let question = by_secret(stage);
        stage.double.regenerate_client_secret(stage.double.client_id());
        question
    }),
    ("secret_of_an_app_changed_to_key", |stage, _| {
        stage.double.change_to_keys(stage.double.client_id());
        by_secret(stage)
    }),
    ("app_removed", |stage, _| {
        let question = by_secret(stage);
        stage.double.remove_app(stage.double.client_id());
        question
    }),
];

fn by_secret(stage: &Stage) -> Question {
    Question::about(stage, "no-such-token")
}

fn by_assertion(stage: &Stage) -> Question {
    Question::with_assertion(&by_key(stage, &stage.double.key_json(), Algorithm::RS256))
}

#[tokio::test]
async fn applications_that_changed_are_answered_as_observed() {
    super::check(TABLE).await;
}
