//! Finds the client that trusted proxies name in `Forwarded` (RFC 7239) or `X-Forwarded-For`.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header::FORWARDED};

use super::networks::Networks;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Maximum number of addresses that are read from `Forwarded`, and from `X-Forwarded-For`; a caller
/// may send any number.
const MAX_HOPS: usize = 32;

/// Returns the address of the client behind the proxy `peer`.
///
/// `Forwarded` and `X-Forwarded-For` are each read from the right up to the first address that is
/// no trusted proxy; the caller may have invented the rest. At an unreadable element, the proxy
/// that wrote it counts as the client. If the two headers name different clients, neither is
/// believed, and `peer` is returned.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, proxies: &Networks) -> IpAddr {
    let named = |name, read: fn(&str) -> Option<IpAddr>| {
        headers.contains_key(&name).then(|| follow(peer, &name, headers, proxies, read))
    };
    match (named(FORWARDED, forwarded_for), named(X_FORWARDED_FOR, node)) {
        (Some(client), None) | (None, Some(client)) => client,
        (Some(client), Some(same)) if client == same => client,
        _ => peer,
    }
}

fn follow(
    peer: IpAddr,
    name: &HeaderName,
    headers: &HeaderMap,
    proxies: &Networks,
    read: fn(&str) -> Option<IpAddr>,
) -> IpAddr {
    let lines = headers.get_all(name).iter().rev();
    let hops = lines.flat_map(|line| FromTheRight(Some(line.to_str().unwrap_or_default())));
    let mut nearest = peer;
    for hop in hops.take(MAX_HOPS) {
        let Some(address) = read(hop.trim()) else { break };
        nearest = address;
        if !proxies.contain(address) {
            break;
        }
    }
    nearest
}

/// Iterator over the elements of a header such as `X-Forwarded-For`, last one first. A caller's
/// unclosed quote thus cannot hide the elements that proxies have added to its right.
struct FromTheRight<'a>(Option<&'a str>);

impl<'a> Iterator for FromTheRight<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let mut is_quoted = false;
        let comma = text.rfind(|character| {
            is_quoted ^= character == '"';
            character == ',' && !is_quoted
        });
        let (rest, element) = match comma.and_then(|comma| text.split_at_checked(comma)) {
            Some((rest, element)) => (Some(rest), element.strip_prefix(',').unwrap_or(element)),
            None => (None, text),
        };
        self.0 = rest;
        Some(element)
    }
}

/// Returns the address in the parameter `for` of a `Forwarded` element; `None` if the parameter is
/// missing, unreadable or repeated.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut values = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let (value, another) = (values.next()?, values.next());
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    node(value).filter(|_| another.is_none())
}

/// Parses an IP address with or without a port; an IPv6 address may be in brackets.
fn node(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let address = text.parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|node: SocketAddr| node.ip()));
    address.or_else(bare).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the client of a request that the proxy 10.0.0.1 sends with these header lines; all
    /// of `10/8` and `fd00::/8` is trusted.
    fn client_of(lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let proxies = ["10.0.0.0/8", "fd00::/8"].iter().map(|text| text.parse().unwrap()).collect();
        client("10.0.0.1".parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn the_nearest_hop_that_is_not_trusted_is_the_client() {
        const PROXY: &str = "10.0.0.1";
        for (value, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.9, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.9,192.0.2.1 , 10.0.0.2,10.0.0.3", "192.0.2.1"),
            ("192.0.2.1, fd00::2", "192.0.2.1"),
            ("rubbish, 192.0.2.1", "192.0.2.1"),
            ("\", 192.0.2.1", "192.0.2.1"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("", PROXY),
            ("unknown", PROXY),
            ("192.0.2.1,", PROXY),
            ("192.0.2.1, unknown", PROXY),
            ("192.0.2.1, 999.0.0.1", PROXY),
            ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("192.0.2.1 192.0.2.2", PROXY),
            ("for=192.0.2.1", PROXY),
            ("example.com", PROXY),
        ] {
            assert_eq!(client_of(&[("x-forwarded-for", value)]), expected, "{value:?}");
        }
        assert_eq!(client_of(&[]), PROXY);
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        const PROXY: &str = "10.0.0.1";
        for (value, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"192.0.2.1:4711\"", "192.0.2.1"),
            ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            ("proto=https;for=192.0.2.1;by=10.0.0.1", "192.0.2.1"),
            ("proto=https; for=192.0.2.1 ;host=\"a,b\"", "192.0.2.1"),
            ("for=192.0.2.9, for=192.0.2.1;proto=http, for=10.0.0.2", "192.0.2.1"),
            ("for=\"192.0.2.9, for=192.0.2.1", "192.0.2.1"),
            ("for=\"_gazonk, for=\"192.0.2.1\"", "192.0.2.1"),
            ("for=unknown", PROXY),
            ("for=_hidden", PROXY),
            ("for=192.0.2.1;for=192.0.2.2", PROXY),
            ("for=\"192.0.2.1", PROXY),
            ("by=192.0.2.1", PROXY),
            ("192.0.2.1", PROXY),
        ] {
            assert_eq!(client_of(&[("forwarded", value)]), expected, "{value:?}");
        }
    }

    #[test]
    fn lines_are_one_list_and_two_fields_must_agree() {
        const XFF: &str = "x-forwarded-for";
        for (lines, expected) in [
            (&[(XFF, "192.0.2.9"), (XFF, "192.0.2.1")][..], "192.0.2.1"),
            (&[(XFF, "192.0.2.1"), (XFF, "10.0.0.2")], "192.0.2.1"),
            (&[("forwarded", "for=192.0.2.9"), ("forwarded", "for=192.0.2.1")], "192.0.2.1"),
            (&[("forwarded", "for=192.0.2.1"), (XFF, "192.0.2.1")], "192.0.2.1"),
            (&[("forwarded", "for=192.0.2.9"), (XFF, "192.0.2.1")], "10.0.0.1"),
            (&[("forwarded", "rubbish"), (XFF, "192.0.2.1")], "10.0.0.1"),
            (&[("forwarded", "for=192.0.2.1"), (XFF, "10.0.0.9")], "10.0.0.1"),
        ] {
            assert_eq!(client_of(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_way_without_end_is_not_followed() {
        let long = format!("192.0.2.1{}", ", 10.0.0.2".repeat(10_000));
        assert_eq!(client_of(&[("x-forwarded-for", &long)]), "10.0.0.2");
    }
}
