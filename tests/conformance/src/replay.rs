//! Observed requests with this run's ids, secrets, tokens and keys.

use observed::{Asked, Case};
use serde_json::Value;

use crate::Error;
use crate::assertion::with_times;
use crate::exchange::Request;
use crate::setup::Stage;

const OBSERVED_HOST: &str = "localhost:8080";

pub(crate) async fn request(case: &Case, stage: &Stage<'_>) -> Result<Request, Error> {
    if let Some(token) = part(case, "token").as_str() {
        return Ok(stage.ask(&stage.names.live(token)));
    }
    let wrong = |what: &str| Error::Case(format!("{}: {what}", case.name));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let method = text(part(case, "method")).ok_or_else(|| wrong("no method"))?;
    let path = text(part(case, "path")).ok_or_else(|| wrong("no path"))?;
    let mut request = Request::new(&method, path);
    request.host = text(part(case, "host")).filter(|host| host != OBSERVED_HOST);
    let authorization = part(case, "authorization");
    if let Some(decoded) = authorization.get("decoded").and_then(Value::as_str) {
        request = request.basic(&stage.names.live(decoded));
    } else if let Some(token) = authorization.get("value").and_then(Value::as_str) {
        request = request.header("Authorization", format!("Bearer {}", stage.names.live(token)));
    }
    for (name, value) in part(case, "headers").as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    if let Some(fields) = part(case, "form").as_array() {
        let mut pairs = Vec::new();
        for field in fields {
            let name = field.get(0).and_then(Value::as_str).ok_or_else(|| wrong("a field"))?;
            let value = match field.get(1) {
                Some(Value::String(value)) => stage.names.live(value),
                Some(assertion) => signed(assertion, stage).await?,
                None => return Err(wrong("a field without a value")),
            };
            pairs.push((name, value));
        }
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        request.body = Some(form.extend_pairs(pairs).finish());
    }
    Ok(request)
}

/// Builds a request with an unencoded form.
pub(crate) async fn request_with_raw_form(
    case: &Case,
    stage: &Stage<'_>,
) -> Result<Request, Error> {
    let mut request = request(case, stage).await?;
    request.body = Some("token=%zz".to_owned());
    Ok(request)
}

/// Returns a part of the observed request, or `Null`.
fn part<'a>(case: &'a Case, name: &str) -> &'a Value {
    match &case.asked {
        Asked::Parts(parts) => parts.get(name).unwrap_or(&Value::Null),
        Asked::Words(_) => &Value::Null,
    }
}

/// Signs a case's assertion with the key that its header names.
async fn signed(assertion: &Value, stage: &Stage<'_>) -> Result<String, Error> {
    let live = |value: &Value| {
        let text = stage.names.live(&value.to_string());
        serde_json::from_str::<Value>(&text).unwrap_or_default()
    };
    let part = |name: &str| live(assertion.get(name).unwrap_or(&Value::Null));
    let (header, claims) = (part("header"), part("claims"));
    let of_service_user = header.get("kid").and_then(Value::as_str) == Some(&stage.reader_key.id);
    let key = if of_service_user { &stage.reader_key } else { &stage.key };
    key.sign_with(&header, &with_times(&claims).await)
}
