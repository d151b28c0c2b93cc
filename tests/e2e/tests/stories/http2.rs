//! The same responses over HTTP/2 with prior knowledge.

use reqwest::Client;
use tests::{Answer, Api, Environment};

#[tokio::test]
async fn the_rules_are_the_same_over_http_2() {
    let api = Api::start(Environment::default()).await;
    let client = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let get = |token: String| client.get(api.url("/api/private")).bearer_auth(token).send();
    for (token, expected) in [
        ("dev-reader".to_owned(), ""),
        ("dev-revoked".to_owned(), "invalid_token"),
        ("a".repeat(16 * 1024), "invalid_token"),
        ("a".repeat(16 * 1024 + 1), "invalid_request"),
    ] {
        let response = get(token).await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        assert_eq!(Answer::read(response).await.code(), expected);
    }
}
