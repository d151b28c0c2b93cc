//! Logs a warning if a connection speaks TLS or the PROXY protocol instead of plain HTTP.
//!
//! Such a connection fails, and the HTTP library does not log why.

use std::sync::{Mutex, PoisonError};

use tracing::warn;

use crate::once_a_minute::OnceAMinute;

/// First bytes of a connection that speaks version 2 of the PROXY protocol.
const PROXY_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Logs warnings about connections with another protocol than HTTP, at most once a minute for each
/// protocol.
#[derive(Debug, Default)]
pub(super) struct ForeignProtocols {
    tls: Mutex<OnceAMinute>,
    proxy: Mutex<OnceAMinute>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ForeignProtocol {
    Tls,
    Proxy,
}

impl ForeignProtocols {
    /// Checks `first`, the first bytes of a connection, for TLS and the PROXY protocol; may log a
    /// warning.
    pub(super) fn look(&self, first: &[u8]) {
        match foreign(first) {
            Some(ForeignProtocol::Tls) => {
                if let Some(connections) = count(&self.tls) {
                    warn!(
                        connections,
                        "callers speak TLS to this port, which speaks plain HTTP: let a proxy before it \
                         end TLS, or use http:// towards it",
                    );
                }
            }
            Some(ForeignProtocol::Proxy) => {
                if let Some(connections) = count(&self.proxy) {
                    warn!(
                        connections,
                        "the PROXY protocol is spoken to this port, which speaks plain HTTP: turn it \
                         off in the load balancer, and have it name the client in X-Forwarded-For",
                    );
                }
            }
            None => {}
        }
    }
}

fn count(warning: &Mutex<OnceAMinute>) -> Option<u64> {
    warning.lock().unwrap_or_else(PoisonError::into_inner).count()
}

fn foreign(first: &[u8]) -> Option<ForeignProtocol> {
    // TLS handshake record (22), with a version that begins with 3.
    if first.starts_with(&[0x16, 0x03]) {
        return Some(ForeignProtocol::Tls);
    }
    let is_proxy = [&b"PROXY TCP"[..], b"PROXY UNKNOWN", PROXY_V2]
        .iter()
        .any(|beginning| first.starts_with(beginning));
    is_proxy.then_some(ForeignProtocol::Proxy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_http_is_known_by_its_first_bytes() {
        for (first, expected) in [
            (&b"\x16\x03\x01\x02\x00\x01"[..], Some(ForeignProtocol::Tls)),
            (b"\x16\x03\x03", Some(ForeignProtocol::Tls)),
            (
                b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\nGET / HTTP/1.1\r\n",
                Some(ForeignProtocol::Proxy),
            ),
            (b"PROXY TCP6 ", Some(ForeignProtocol::Proxy)),
            (b"PROXY UNKNOWN\r\n", Some(ForeignProtocol::Proxy)),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Some(ForeignProtocol::Proxy)),
            (b"GET / HTTP/1.1\r\n", None),
            (b"PRI * HTTP/2.0\r\n", None),
            (b"PROXY / HTTP/1.1\r\n", None),
            (b"\r\n\r\nGET / HTTP/1.1\r\n", None),
            (b"\x16", None),
            (b"", None),
        ] {
            assert_eq!(foreign(first), expected, "{first:?}");
        }
    }
}
