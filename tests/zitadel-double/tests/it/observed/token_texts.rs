//! Damaged tokens, and strings that are no tokens.

use super::stage::EVERYTHING;
use super::{Observed, Question, Stage, Table};
use crate::token_forms::with_another_end;

pub(super) const TABLE: Table = &[
    ("garbage_short", as_sent),
    ("garbage_of_the_length_of_a_pat", as_sent),
    ("garbage_of_the_length_of_an_opaque_token", as_sent),
    ("garbage_jwe_shape", as_sent),
    ("jwt_of_another_issuer", as_sent),
    ("pat_with_added_character", |stage, _| about(stage, &format!("{}A", pat(stage)))),
    ("session_opaque_with_added_character", |stage, _| {
        about(stage, &format!("{}A", session(stage)))
    }),
    ("session_jwt_with_added_character", |stage, _| {
        about(stage, &format!("{}A", stage.jwt_login()))
    }),
    ("session_opaque_cut_off", |stage, _| about(stage, &session(stage)[..100])),
    ("token_with_trailing_space", |stage, _| about(stage, &format!("{} ", pat(stage)))),
    ("token_with_newline", |stage, _| about(stage, &format!("{}\n", pat(stage)))),
    ("session_opaque_last_characters_changed", |stage, _| {
        about(stage, &with_another_end(&session(stage)))
    }),
    ("pat_last_characters_changed", |stage, _| about(stage, &with_another_end(&pat(stage)))),
];

fn about(stage: &Stage, token: &str) -> Question {
    Question::about(stage, token)
}

fn pat(stage: &Stage) -> String {
    stage.pat(&stage.reader)
}

fn session(stage: &Stage) -> String {
    stage.login(&stage.ada, EVERYTHING)
}

fn as_sent(stage: &Stage, observed: &Observed) -> Question {
    about(stage, observed.asked["token"].as_str().unwrap())
}

#[tokio::test]
async fn damaged_tokens_are_answered_as_observed() {
    super::check(TABLE).await;
}
