//! Requests this API's own metadata (RFC 9728 §3) and a challenge (§5.1), at the URL by which
//! clients know it.
//!
//! It sends no token and no credentials, and follows no redirect: the server there need not be this
//! API.

use std::{error::Error, time::Duration};

use reqwest::{
    Client, Response, StatusCode,
    header::{LOCATION, WWW_AUTHENTICATE},
    redirect, retry,
};
use serde::Deserialize;
use url::Url;

use super::{Finding, HttpClientError, Outcome, Step, diagnosis::shown, response};

const RESOURCE: &str = "resource";
const CHALLENGE: &str = "challenge";

/// Longest time for one answer, and its greatest length in bytes.
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_LENGTH: usize = 64 * 1024;

#[derive(Deserialize)]
struct Metadata {
    resource: String,
}

/// Reads the metadata at `metadata_url`, which must name `url` byte for byte, and requests `url`
/// without a token, which must give 401 and a challenge that names `metadata_url`. If no server
/// listens, that is a warning: the API need not run.
///
/// # Errors
/// When no HTTP client can be made.
pub async fn check_resource(url: &str, metadata_url: &str) -> Result<Vec<Step>, HttpClientError> {
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
        Ok(answer) => metadata_step(answer, url, metadata_url).await,
        Err(finding) => {
            let skipped = Step::skipped(CHALLENGE, "it needs an answer from there");
            return Ok(vec![of(RESOURCE, finding), skipped]);
        }
    };
    let challenge = match answer(&client, url).await {
        Ok(answer) => challenge_step(&answer, url, metadata_url),
        Err(finding) => of(CHALLENGE, finding),
    };
    Ok(vec![metadata, challenge])
}

/// Finding, and its outcome: a warning or a failure.
type Judged = (Outcome, Finding);

fn of(name: &'static str, (outcome, finding): Judged) -> Step {
    Step { outcome, ..Step::failed(name, finding) }
}

/// Returns the answer of an API. A redirect, or a proxy without an API behind it, is a finding.
async fn answer(client: &Client, url: &str) -> Result<Response, Judged> {
    let unreachable = |found| {
        let advice = "the API does not run there, or is not reachable from here: start it, and check \
                      again from where clients are; if it runs, check resource.url, DNS, proxy and \
                      certificate";
        let advice = advice.to_owned();
        (Outcome::Warning, Finding { reason: "resource_unreachable", found, advice })
    };
    let answer = match client.get(url).send().await {
        Ok(answer) => answer,
        Err(error) => return Err(unreachable(format!("no answer from {url}: {}", cause(&error)))),
    };
    let status = answer.status();
    let is_of_proxy =
        [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    if is_of_proxy.contains(&status) {
        return Err(unreachable(format!("{url} is answered with {status}")));
    }
    if status.is_redirection() {
        let to = answer.headers().get(LOCATION).and_then(|to| Url::parse(to.to_str().ok()?).ok());
        let to = to.map(|to| format!(" to {}", to.origin().ascii_serialization()));
        let to = to.unwrap_or_default();
        let advice = "clients follow none: set resource.url to the final address (https instead of http, \
                      with or without the slash at the end)";
        let finding = Finding {
            reason: "resource_redirected",
            found: format!("{url} is answered with {status}, a redirect{to}"),
            advice: advice.to_owned(),
        };
        return Err((Outcome::Failed, finding));
    }
    Ok(answer)
}

/// Returns the innermost cause, which is the shortest.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

async fn metadata_step(answer: Response, url: &str, metadata_url: &str) -> Step {
    let status = answer.status();
    let found = if status == StatusCode::OK {
        let json = response::read_at_most(MAX_LENGTH, answer).await.ok();
        match json.and_then(|json| serde_json::from_slice::<Metadata>(&json).ok()) {
            Some(Metadata { resource }) if resource == url => {
                return Step::ok(RESOURCE, format!("the metadata at {metadata_url} name {url}"));
            }
            Some(Metadata { resource }) => {
                let resource = shown(&resource);
                let finding = Finding {
                    reason: "other_resource",
                    found: format!(
                        "the metadata at {metadata_url} name {resource} instead of {url}"
                    ),
                    advice:
                        "clients compare it letter for letter (RFC 9728 §3.3): set resource.url to \
                             the URL that they use, here and in what runs there"
                            .to_owned(),
                };
                return Step::failed(RESOURCE, finding);
            }
            None => format!("{metadata_url} is answered with no JSON object that names a resource"),
        }
    } else {
        format!("{metadata_url} is answered with {status}")
    };
    let finding = Finding {
        reason: "no_resource_metadata",
        found,
        advice:
            "clients find out nothing without them: let the proxy in front pass that path to this \
                 API, and see that what runs there has this resource.url"
                .to_owned(),
    };
    Step::failed(RESOURCE, finding)
}

fn challenge_step(answer: &Response, url: &str, metadata_url: &str) -> Step {
    let status = answer.status();
    let found = format!("{url} is answered with {status} without a token");
    let failed = |reason, found, advice: &str| {
        Step::failed(CHALLENGE, Finding { reason, found, advice: advice.to_owned() })
    };
    match status {
        StatusCode::UNAUTHORIZED => {
            let parameter = format!("resource_metadata=\"{metadata_url}\"");
            let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter();
            let mut challenges = challenges.filter_map(|challenge| challenge.to_str().ok());
            if challenges.any(|it| it.starts_with("Bearer ") && it.contains(&parameter)) {
                let found = format!("{found}, and with a challenge that names the metadata");
                return Step::ok(CHALLENGE, found);
            }
            failed(
                "challenge_without_metadata",
                format!("{found}, and no challenge names {metadata_url}"),
                "see that the proxy in front passes WWW-Authenticate on, and that what runs there has \
                 this resource.url",
            )
        }
        status if status.is_success() => failed(
            "resource_open",
            found,
            "whatever answers there asks for no token: see that it is this API, and that its route is \
             guarded",
        ),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Step::warning(
            CHALLENGE,
            Finding {
                reason: "resource_without_route",
                found,
                advice:
                    "a guarded service answers 401 to each method: a client that connects to this \
                         URL, as one of MCP does, needs one there"
                        .to_owned(),
            },
        ),
        _ => failed(
            "unexpected_status",
            found,
            "clients need this API's own 401: see what stands in front of it",
        ),
    }
}
