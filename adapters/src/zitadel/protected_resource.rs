//! Requests this API's own metadata (RFC 9728 §3), and its own URL without a token, to see the
//! `WWW-Authenticate` challenge that clients get (§5.1).
//!
//! Sends neither token nor credentials, and follows no redirect: another server may answer at these
//! URLs.

use std::time::Duration;

use reqwest::{
    Client, Response, StatusCode,
    header::{LOCATION, WWW_AUTHENTICATE},
    redirect, retry,
};
use serde::Deserialize;
use url::Url;

use super::{HttpClientError, response};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_LENGTH: usize = 64 * 1024;

/// Responses of this API at the URL of its metadata, and at its own URL without a token.
#[derive(Debug)]
pub struct OwnAnswers {
    /// Response at the URL of this API's metadata.
    pub metadata: Result<ResourceMetadata, NoAnswer>,
    /// Response at this API's own URL to a request without a token. `None` if that request was not
    /// sent, because an earlier one, for the metadata, did not reach this API.
    pub challenge: Option<Result<Challenge, NoAnswer>>,
}

/// Response at the URL of this API's metadata (RFC 9728).
#[derive(Debug)]
pub struct ResourceMetadata {
    /// HTTP status of the response.
    pub status: StatusCode,
    /// Value of `resource` in the metadata; `None` if it is missing or the status is not 200.
    pub resource: Option<String>,
}

/// Response at this API's own URL to a request without a token.
#[derive(Debug)]
pub struct Challenge {
    /// HTTP status of the response.
    pub status: StatusCode,
    /// True if a bearer challenge in the response's `WWW-Authenticate` names the URL of the
    /// metadata.
    pub names_metadata: bool,
}

/// Reason why a request did not reach this API.
#[derive(Debug)]
pub enum NoAnswer {
    /// No response came.
    Unreachable(reqwest::Error),
    /// A proxy responded with 502, 503 or 504.
    Gateway(StatusCode),
    /// The response is a redirect; the text is the origin in its `Location`, if any.
    Redirect(StatusCode, Option<String>),
}

#[derive(Deserialize)]
struct Metadata {
    resource: String,
}

/// Requests this API's metadata at `metadata_url`, then its own `url` without a token.
///
/// # Errors
/// When no HTTP client can be made.
pub async fn request_own(url: &str, metadata_url: &str) -> Result<OwnAnswers, HttpClientError> {
    let mut client = Client::builder()
        .user_agent(concat!("zitadel-resource-server/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .timeout(TIMEOUT);
    if url.starts_with("http:") {
        // A proxy must not see unencrypted loopback traffic.
        client = client.no_proxy();
    }
    let client = client.build().map_err(HttpClientError::Client)?;
    let metadata = match answer(&client, metadata_url).await {
        Ok(answer) => metadata(answer).await,
        Err(none) => return Ok(OwnAnswers { metadata: Err(none), challenge: None }),
    };
    let challenge = answer(&client, url).await.map(|answer| challenge(&answer, metadata_url));
    Ok(OwnAnswers { metadata: Ok(metadata), challenge: Some(challenge) })
}

async fn answer(client: &Client, url: &str) -> Result<Response, NoAnswer> {
    let answer = client.get(url).send().await.map_err(NoAnswer::Unreachable)?;
    let status = answer.status();
    let is_of_proxy =
        [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    if is_of_proxy.contains(&status) {
        return Err(NoAnswer::Gateway(status));
    }
    if status.is_redirection() {
        let to = answer.headers().get(LOCATION).and_then(|to| Url::parse(to.to_str().ok()?).ok());
        return Err(NoAnswer::Redirect(status, to.map(|to| to.origin().ascii_serialization())));
    }
    Ok(answer)
}

async fn metadata(answer: Response) -> ResourceMetadata {
    let status = answer.status();
    let json = match status {
        StatusCode::OK => response::read_at_most(MAX_LENGTH, answer).await.ok(),
        _ => None,
    };
    let metadata = json.and_then(|json| serde_json::from_slice::<Metadata>(&json).ok());
    ResourceMetadata { status, resource: metadata.map(|metadata| metadata.resource) }
}

fn challenge(answer: &Response, metadata_url: &str) -> Challenge {
    let parameter = format!("resource_metadata=\"{metadata_url}\"");
    let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter();
    let names_metadata = challenges
        .filter_map(|challenge| challenge.to_str().ok())
        .any(|it| it.starts_with("Bearer ") && it.contains(&parameter));
    Challenge { status: answer.status(), names_metadata }
}
