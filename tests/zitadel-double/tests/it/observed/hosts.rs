//! Hosts, ports and proxy headers; paths, discovery, keys and health.

use super::stage::PROFILE;
use super::{Observed, Question, Stage, Table};

pub(super) const TABLE: Table = &[
    ("host_127.0.0.1", Question::replay),
    ("host_unknown", Question::replay),
    ("host_other_port", Question::replay),
    ("host_without_port", Question::replay),
    ("host_upper_case", Question::replay),
    ("x_forwarded_host_unknown", Question::replay),
    ("forwarded_host_unknown", Question::replay),
    ("x_forwarded_proto_https", Question::replay),
    ("jwt_through_other_port", jwt),
    ("jwt_through_own_host", jwt),
    ("opaque_through_other_port", opaque),
    ("unknown_path", Question::replay),
    ("discovery", Question::replay),
    ("discovery_host_127.0.0.1", Question::replay),
    ("discovery_host_other_port", Question::replay),
    ("keys", Question::replay),
    ("x_zitadel_public_host_unknown", Question::replay),
    ("x_forwarded_for_with_host", Question::replay),
    ("x_forwarded_for_address", Question::replay),
    ("forwarded_beats_x_forwarded_host", Question::replay),
    ("x_forwarded_host_with_another_port", Question::replay),
    ("keys_of_unknown_host", Question::replay),
    ("management_of_unknown_host", Question::replay),
    ("ready_of_unknown_host", Question::replay),
];

fn jwt(stage: &Stage, observed: &Observed) -> Question {
    Question::replay(stage, observed).with("token", &stage.jwt_login())
}

fn opaque(stage: &Stage, observed: &Observed) -> Question {
    let token = stage.login(&stage.ada, PROFILE);
    Question::replay(stage, observed).with("token", &token)
}

#[tokio::test]
async fn hosts_and_paths_are_answered_as_observed() {
    super::check(TABLE).await;
}
