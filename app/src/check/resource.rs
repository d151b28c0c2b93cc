//! Steps of `app check` that show whether clients find this API's metadata and its challenge at
//! `resource.url`.

use adapters::zitadel::{
    Challenge, HttpClientError, NoAnswer, OwnAnswers, ResourceMetadata, request_own,
};
use axum::http::StatusCode;

use super::step::CheckStep;
use crate::advice::{Finding, innermost, shown};

const RESOURCE: &str = "resource";
const CHALLENGE: &str = "challenge";

/// Returns two steps. The metadata at `metadata_url` must name `url` byte for byte. A request to
/// `url` without a token must get 401 and a challenge that names `metadata_url`. A URL that cannot
/// be reached is no failure.
pub(super) async fn steps(
    url: &str,
    metadata_url: &str,
) -> Result<[CheckStep; 2], HttpClientError> {
    let OwnAnswers { metadata, challenge } = request_own(url, metadata_url).await?;
    let metadata = match metadata {
        Ok(metadata) => metadata_step(metadata, url, metadata_url),
        Err(none) => no_answer(RESOURCE, none, metadata_url),
    };
    let challenge = match challenge {
        None => CheckStep::skipped(CHALLENGE, "it needs an answer from there"),
        Some(Ok(challenge)) => challenge_step(&challenge, url, metadata_url),
        Some(Err(none)) => no_answer(CHALLENGE, none, url),
    };
    Ok([metadata, challenge])
}

fn no_answer(name: &'static str, none: NoAnswer, url: &str) -> CheckStep {
    let found = match none {
        NoAnswer::Unreachable(error) => format!("no answer from {url}: {}", innermost(&error)),
        NoAnswer::Gateway(status) => format!("{url} is answered with {status}"),
        NoAnswer::Redirect(status, to) => {
            let to = to.map_or_else(String::new, |to| format!(" to {to}"));
            let advice = "clients follow none: set resource.url to the final address (https instead of \
                          http, with or without the slash at the end)";
            let finding = Finding::new(
                "resource_redirected",
                format!("{url} is answered with {status}, a redirect{to}"),
                advice,
            );
            return CheckStep::failed(name, finding);
        }
    };
    let advice = "the API does not run there, or is not reachable from here: start it, and check \
                  again from where clients are; if it runs, check resource.url, DNS, proxy and \
                  certificate";
    CheckStep::warning(name, Finding::new("resource_unreachable", found, advice))
}

fn metadata_step(
    ResourceMetadata { status, resource }: ResourceMetadata,
    url: &str,
    metadata_url: &str,
) -> CheckStep {
    let found = match resource {
        Some(resource) if resource == url => {
            return CheckStep::ok(RESOURCE, format!("the metadata at {metadata_url} name {url}"));
        }
        Some(resource) => {
            let resource = shown(&resource);
            let finding = Finding::new(
                "other_resource",
                format!("the metadata at {metadata_url} name {resource} instead of {url}"),
                "clients compare it letter for letter (RFC 9728 §3.3): set resource.url to \
                 the URL that they use, here and in what runs there",
            );
            return CheckStep::failed(RESOURCE, finding);
        }
        None if status == StatusCode::OK => {
            format!("{metadata_url} is answered with no JSON object that names a resource")
        }
        None => format!("{metadata_url} is answered with {status}"),
    };
    let finding = Finding::new(
        "no_resource_metadata",
        found,
        "clients find out nothing without them: let the proxy in front pass that path to this \
         API, and see that what runs there has this resource.url",
    );
    CheckStep::failed(RESOURCE, finding)
}

fn challenge_step(
    Challenge { status, names_metadata }: &Challenge,
    url: &str,
    metadata_url: &str,
) -> CheckStep {
    let found = format!("{url} is answered with {status} without a token");
    let failed = |reason, found, advice: &str| {
        CheckStep::failed(CHALLENGE, Finding::new(reason, found, advice))
    };
    match *status {
        StatusCode::UNAUTHORIZED if *names_metadata => CheckStep::ok(
            CHALLENGE,
            format!("{found}, and with a challenge that names the metadata"),
        ),
        StatusCode::UNAUTHORIZED => failed(
            "challenge_without_metadata",
            format!("{found}, and no challenge names {metadata_url}"),
            "see that the proxy in front passes WWW-Authenticate on, and that what runs there has \
             this resource.url",
        ),
        status if status.is_success() => failed(
            "resource_open",
            found,
            "whatever answers there asks for no token: see that it is this API, and that its route is \
             guarded",
        ),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => CheckStep::warning(
            CHALLENGE,
            Finding::new(
                "resource_without_route",
                found,
                "a guarded service answers 401 to each method: a client that connects to this \
                 URL, as one of MCP does, needs one there",
            ),
        ),
        _ => failed(
            "unexpected_status",
            found,
            "clients need this API's own 401: see what stands in front of it",
        ),
    }
}
