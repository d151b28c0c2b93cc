//! Client authentication by a secret, and the order of checks.

use super::{Question, Table};

pub(super) const TABLE: Table = &[
    ("right_credentials_unknown_token", Question::replay),
    ("wrong_secret", Question::replay),
    ("empty_secret", Question::replay),
    ("unknown_client_id", Question::replay),
    ("client_id_is_no_number", Question::replay),
    ("app_id_instead_of_client_id", Question::replay),
    ("public_pkce_app_with_empty_secret", Question::replay),
    ("service_user_instead_of_client", Question::replay),
    ("jwt_app_asked_with_basic", Question::replay),
    ("web_oidc_app_with_secret", Question::replay),
    ("client_secret_post", Question::replay),
    ("client_secret_post_wrong", Question::replay),
    ("no_credentials", Question::replay),
    ("client_id_only", Question::replay),
    ("bearer_instead_of_basic", Question::replay),
    ("basic_not_url_decodable", Question::replay),
    ("basic_without_colon", Question::replay),
    ("token_missing", Question::replay),
    ("token_empty", Question::replay),
    ("token_missing_and_wrong_secret", Question::replay),
    ("form_not_parseable", Question::replay),
    ("get_with_query", Question::replay),
    ("put", Question::replay),
    ("token_type_hint", Question::replay),
    ("no_credentials_and_no_token", Question::replay),
    ("empty_secret_and_no_token", Question::replay),
    ("unknown_client_and_token_of_another_project", Question::replay),
    ("head", Question::replay),
];

#[tokio::test]
async fn client_authentication_is_answered_as_observed() {
    super::check(TABLE).await;
}
