//! Refuses requests with a bad host or too many header fields, before routing.
//!
//! The HTTP library refuses bad framing and, over HTTP/1.1, more than 100 fields. It neither checks
//! the host (RFC 9112 §3.2, RFC 9113 §8.3.1) nor counts the fields of HTTP/2.

use axum::{
    http::{
        HeaderMap, HeaderValue, Request, StatusCode, Uri, Version,
        header::{CONNECTION, HOST},
    },
    response::{IntoResponse, Response},
};
use axum_zitadel::Problem;
use metrics::{Counter, counter};

/// Maximum number of header fields of a request. Over HTTP/2 without this limit, a request of 1 900
/// short fields held 142 KiB of memory.
const MAX_FIELDS: usize = 100;

/// Checks request heads, and counts those that it refuses, by reason.
#[derive(Debug)]
pub(super) struct RequestHeads {
    host: Counter,
    fields: Counter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeadError {
    /// Bad host: the request names none, more than one, or a malformed one.
    Host,
    /// Too many header fields.
    Fields,
}

impl RequestHeads {
    pub(super) fn new() -> Self {
        let refused = |reason: &'static str| counter!("http_server_requests_refused_total", "reason" => reason);
        Self { host: refused("host"), fields: refused("header_fields") }
    }

    /// Returns the response to a request with a bad host or too many header fields; `None` if the
    /// request is to be served.
    ///
    /// Over HTTP/1.1, a host in the request target replaces the header `Host` (RFC 9112 §3.2.2);
    /// otherwise a handler could read another host there.
    pub(super) fn refuse<B>(&self, request: &mut Request<B>) -> Option<Response> {
        let version = request.version();
        match check(version, request.uri(), request.headers()) {
            Ok(()) => {
                if version < Version::HTTP_2
                    && let Some(authority) = request.uri().authority()
                    && let Ok(host) = HeaderValue::from_str(authority.as_str())
                {
                    request.headers_mut().insert(HOST, host);
                }
                None
            }
            Err(error) => {
                match error {
                    HeadError::Host => self.host.increment(1),
                    HeadError::Fields => self.fields.increment(1),
                }
                Some(error.answer(version))
            }
        }
    }
}

impl HeadError {
    fn answer(self, version: Version) -> Response {
        let problem = match self {
            Self::Host => Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid_host",
                "The request must name one host.",
            ),
            Self::Fields => Problem::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "too_many_header_fields",
                "The request has too many header fields.",
            ),
        };
        let mut response = problem.into_response();
        if version < Version::HTTP_2 {
            // A proxy in between may see another end of this request than the server does.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn check(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), HeadError> {
    if headers.len() > MAX_FIELDS {
        return Err(HeadError::Fields);
    }
    let mut hosts = headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let (host, another) = (hosts.next(), hosts.next());
    let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
    let is_named = match (authority, host) {
        _ if another.is_some() => false,
        (Some(authority), Some(host)) if version >= Version::HTTP_2 => {
            is_host(authority) && authority.eq_ignore_ascii_case(host)
        }
        (Some(authority), Some(host)) => is_host(authority) && is_host(host),
        (None, Some(host)) => is_host(host),
        (Some(authority), None) => version != Version::HTTP_11 && is_host(authority),
        (None, None) => version < Version::HTTP_11,
    };
    if is_named { Ok(()) } else { Err(HeadError::Host) }
}

/// Returns whether `text` is `uri-host [ ":" port ]` with a host that is not empty (RFC 9110
/// §4.2.1, §7.2).
fn is_host(text: &[u8]) -> bool {
    let after = if text.starts_with(b"[") { b']' } else { b':' };
    let end = text.iter().position(|byte| *byte == after);
    let (name, port) = match end {
        Some(end) if after == b']' => text.split_at(end + 1),
        Some(end) => text.split_at(end),
        None if after == b']' => return false,
        None => (text, &b""[..]),
    };
    let is_name = match name {
        [] => false,
        [b'[', address @ .., b']'] => {
            !address.is_empty()
                && address.iter().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte))
        }
        name => name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(byte)),
    };
    is_name
        && match port {
            [] => true,
            [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, uri: &str, hosts: &[&str]) -> Request<()> {
        let request = Request::get(uri).version(version);
        let request = hosts.iter().fold(request, |request, host| request.header(HOST, *host));
        request.body(()).unwrap()
    }

    fn status(request: &mut Request<()>) -> u16 {
        RequestHeads::new().refuse(request).map_or(200, |answer| answer.status().as_u16())
    }

    #[test]
    fn a_request_names_one_host() {
        use Version as V;
        for (version, uri, hosts, expected) in [
            (V::HTTP_11, "/", &["a.test"][..], 200),
            (V::HTTP_11, "/", &["a.test:80"], 200),
            (V::HTTP_11, "/", &["a.test:"], 200),
            (V::HTTP_11, "/", &["[::1]:5000"], 200),
            (V::HTTP_11, "/", &["[::1]"], 200),
            (V::HTTP_11, "/", &["my_service-1"], 200),
            (V::HTTP_11, "*", &["a.test"], 200),
            (V::HTTP_11, "/", &[], 400),
            (V::HTTP_11, "/", &["a.test", "b.test"], 400),
            (V::HTTP_11, "/", &["a.test", "a.test"], 400),
            (V::HTTP_11, "/", &[""], 400),
            (V::HTTP_11, "/", &[":80"], 400),
            (V::HTTP_11, "/", &["a.test, b.test"], 400),
            (V::HTTP_11, "/", &["me@a.test"], 400),
            (V::HTTP_11, "/", &["a.test/b"], 400),
            (V::HTTP_11, "/", &["http://a.test"], 400),
            (V::HTTP_11, "/", &["a.test:http"], 400),
            (V::HTTP_11, "/", &["a.test:80:80"], 400),
            (V::HTTP_11, "/", &["[::1"], 400),
            (V::HTTP_11, "/", &["[]"], 400),
            (V::HTTP_11, "/", &["[::1]x"], 400),
            (V::HTTP_11, "/", &["[a.test]:g"], 400),
            (V::HTTP_11, "/", &["ä.test"], 400),
            (V::HTTP_11, "http://a.test/", &["a.test"], 200),
            (V::HTTP_11, "http://a.test/", &["b.test"], 200),
            (V::HTTP_11, "http://a.test/", &[], 400),
            (V::HTTP_11, "http://a.test/", &["b.test/c"], 400),
            (V::HTTP_11, "http://me:secret@a.test/", &["a.test"], 400),
            (V::HTTP_10, "/", &[], 200),
            (V::HTTP_10, "/", &["a.test"], 200),
            (V::HTTP_10, "/", &["a.test", "b.test"], 400),
            (V::HTTP_10, "http://a.test/", &[], 200),
            (V::HTTP_2, "http://a.test/", &[], 200),
            (V::HTTP_2, "http://a.test/", &["A.TEST"], 200),
            (V::HTTP_2, "/", &["a.test"], 200),
            (V::HTTP_2, "/", &[], 400),
            (V::HTTP_2, "/", &["a.test", "a.test"], 400),
            (V::HTTP_2, "http://a.test/", &["b.test"], 400),
            (V::HTTP_2, "http://a.test/", &["a.test", "a.test"], 400),
            (V::HTTP_2, "http://a.test/", &["a.test:81"], 400),
            (V::HTTP_2, "http://me@a.test/", &[], 400),
        ] {
            let found = status(&mut request(version, uri, hosts));
            assert_eq!(found, expected, "{version:?} {uri} {hosts:?}");
        }
    }

    #[test]
    fn a_handler_reads_the_host_that_the_target_names() {
        let mut absolute = request(Version::HTTP_11, "http://a.test:81/", &["b.test"]);
        assert_eq!(status(&mut absolute), 200);
        assert_eq!(absolute.headers()[HOST], "a.test:81");
        let mut origin = request(Version::HTTP_11, "/", &["b.test"]);
        assert_eq!(status(&mut origin), 200);
        assert_eq!(origin.headers()[HOST], "b.test");
    }

    #[test]
    fn fields_are_counted_with_their_repetitions() {
        for (fields, expected) in [(MAX_FIELDS - 1, 200), (MAX_FIELDS, 431), (1_900, 431)] {
            for same in [true, false] {
                let mut request = request(Version::HTTP_2, "/", &["a.test"]);
                for field in 0..fields {
                    let name = if same { "x".to_owned() } else { format!("x-{field}") };
                    let name: axum::http::HeaderName = name.parse().unwrap();
                    request.headers_mut().append(name, HeaderValue::from_static(""));
                }
                assert_eq!(status(&mut request), expected, "{fields} {same}");
            }
        }
    }
}
