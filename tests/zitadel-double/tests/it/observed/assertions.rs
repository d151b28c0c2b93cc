//! Client authentication by assertions.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::signed_assertion::{by_key, signed, unsigned};
use super::{Observed, Question, Stage, Table};

pub(super) const TABLE: Table = &[
    ("basic_app_asked_with_assertion_of_another_apps_key", Question::replay),
    ("jwt_app_with_assertion", Question::replay),
    ("assertion_aud_with_trailing_slash", Question::replay),
    ("assertion_aud_array", Question::replay),
    ("assertion_aud_array_of_several", Question::replay),
    ("assertion_aud_is_endpoint", Question::replay),
    ("assertion_aud_without_port", Question::replay),
    ("assertion_iat_0s_ahead", Question::replay),
    ("assertion_iat_1s_ahead", Question::replay),
    ("assertion_iat_2s_ahead", Question::replay),
    ("assertion_iat_3s_ahead", Question::replay),
    ("assertion_iat_5s_ahead", Question::replay),
    ("assertion_iat_60s_ahead", Question::replay),
    ("assertion_iat_3590s_ago", Question::replay),
    ("assertion_iat_3601s_ago", Question::replay),
    ("assertion_iat_3605s_ago", Question::replay),
    ("assertion_exp_in_-5s", Question::replay),
    ("assertion_exp_in_0s", Question::replay),
    ("assertion_exp_in_1s", Question::replay),
    ("assertion_exp_in_2s", Question::replay),
    ("assertion_exp_in_3s", Question::replay),
    ("assertion_exp_in_10_years", Question::replay),
    ("assertion_without_exp", Question::replay),
    ("assertion_without_kid", Question::replay),
    ("assertion_without_sub", Question::replay),
    ("assertion_without_aud", Question::replay),
    ("assertion_iss_is_not_sub", Question::replay),
    ("assertion_unknown_kid", Question::replay),
    ("assertion_kid_of_another_app_iss_of_another", Question::replay),
    ("assertion_bad_signature", bad_signature),
    ("assertion_two_parts", Question::replay),
    ("assertion_three_bad_parts", Question::replay),
    ("assertion_empty", Question::replay),
    ("assertion_no_jws_for_a_good_token", Question::replay),
    ("assertion_type_wrong", Question::replay),
    ("assertion_type_missing", Question::replay),
    ("assertion_of_a_service_users_key", Question::replay),
    ("assertion_reused", Question::replay),
    ("wrong_assertion_type_and_no_token", Question::replay),
    ("assertion_through_other_port_with_first_aud", Question::replay),
    ("assertion_ps256", |stage, _| by_algorithm(stage, Algorithm::PS256)),
    ("assertion_rs512", |stage, _| by_algorithm(stage, Algorithm::RS512)),
    ("assertion_alg_none", |stage, _| Question::with_assertion(&unsigned(stage))),
    ("assertion_of_removed_key", removed_key),
    ("assertion_of_expired_key", expired_key),
];

fn by_algorithm(stage: &Stage, algorithm: Algorithm) -> Question {
    Question::with_assertion(&by_key(stage, &stage.double.key_json(), algorithm))
}

/// Changes the last bytes of the signature.
fn bad_signature(stage: &Stage, observed: &Observed) -> Question {
    let is_assertion = |pair: &&Value| pair[0] == "client_assertion";
    let assertion = observed.asked["form"].as_array().unwrap().iter().find(is_assertion);
    let mut assertion = signed(stage, &assertion.unwrap()[1]);
    let last = assertion.split_off(assertion.len() - 4);
    assertion += if last == "AAAA" { "BAAA" } else { "AAAA" };
    Question::replay(stage, observed).with("client_assertion", &assertion)
}

fn removed_key(stage: &Stage, _: &Observed) -> Question {
    let file = stage.double.key_json();
    let id = serde_json::from_str::<Value>(&file).unwrap()["keyId"].as_str().unwrap().into();
    stage.double.remove_key(stage.double.key_client_id(), &id);
    Question::with_assertion(&by_key(stage, &file, Algorithm::RS256))
}

fn expired_key(stage: &Stage, _: &Observed) -> Question {
    let client = stage.double.key_client_id();
    let (_, file) = stage.double.add_expired_key(client, Duration::ZERO);
    Question::with_assertion(&by_key(stage, &file, Algorithm::RS256))
}

#[tokio::test]
async fn assertions_are_answered_as_observed() {
    super::check(TABLE).await;
}
