//! Checks the standard proxy variables, such as `HTTPS_PROXY`. The HTTP client reads them itself,
//! and ignores a malformed value.

use std::collections::BTreeMap;

use axum::http::Uri;

use super::error::ConfigError;

const PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Refuses proxy variables whose value the HTTP client would ignore. Errors repeat no value, since
/// a proxy's URL may hold a password.
pub(super) fn check(environment: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    let set = |name| {
        let text = environment.get(name).filter(|text| !text.trim().is_empty());
        text.map(|text| (name, text.as_str()))
    };
    for (name, text) in PROXIES.into_iter().filter_map(set) {
        check_proxy(text).map_err(|problem| {
            let expected = "expects the URL of a proxy, such as http://proxy.example.com:3128";
            ConfigError::of(name, format_args!("{problem}; {expected}"))
        })?;
    }
    for (name, text) in EXCEPTIONS.into_iter().filter_map(set) {
        if text.contains(['"', '\'', '[', ']']) || text.contains("://") {
            let problem = "it has quotes, brackets or a scheme, and no host is called so; expects \
                           host names, addresses and networks with commas between them";
            return Err(ConfigError::of(name, problem));
        }
    }
    Ok(())
}

fn check_proxy(text: &str) -> Result<(), &'static str> {
    if text.contains(['"', '\'']) {
        return Err("it has quotes, which do not belong to the value");
    }
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err("it has a blank or a control character");
    }
    let uri: Uri = text.parse().map_err(|_| "it is no URL")?;
    let authority = uri.authority().ok_or("it names no host")?;
    if !matches!(uri.scheme_str(), None | Some("http" | "https")) {
        return Err("its scheme is neither http nor https, and no other is spoken here");
    }
    let after_user = authority.as_str().rsplit('@').next().unwrap_or_default();
    let port = after_user.strip_prefix(authority.host()).unwrap_or_default();
    if authority.host().is_empty() {
        return Err("it names no host");
    }
    if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("its port is none");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str) -> Result<(), ConfigError> {
        check(&BTreeMap::from([(name.to_owned(), text.to_owned())]))
    }

    #[test]
    fn what_the_client_understands_is_accepted() {
        for name in PROXIES {
            for text in [
                "",
                " ",
                "http://proxy.example.com:3128",
                "https://proxy.example.com/",
                "HTTP://10.0.0.8:3128",
                "proxy.example.com:3128",
                "proxy",
                "http://me:p%40ss@proxy:3128",
                "http://[::1]:3128",
            ] {
                assert_eq!(of(name, text), Ok(()), "{name} {text}");
            }
        }
        for text in ["localhost, .example.com,10.0.0.0/8", "*", "::1", ""] {
            assert_eq!(of("NO_PROXY", text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_value_that_would_be_a_direct_connection_is_refused_and_not_repeated() {
        for (text, problem) in [
            ("\"http://secret:3128\"", "quotes"),
            ("'secret:3128'", "quotes"),
            ("http://secret:3128 ", "blank"),
            (" http://secret:3128", "blank"),
            ("http://se cret", "blank"),
            ("http://secret:3128\r", "blank"),
            ("\u{feff}http://secret:3128", "no URL"),
            ("socks5://secret:1080", "scheme"),
            ("htp://secret", "scheme"),
            ("http//secret:3128", "no URL"),
            ("http:/secret", "no URL"),
            ("secret:3128/path", "no URL"),
            ("/secret", "no host"),
            ("http://secret:", "port"),
            ("http://secret:0", "port"),
            ("http://secret:99999", "port"),
            ("http://secret:http", "port"),
            ("http://me:secret@:3128", "no host"),
        ] {
            for name in PROXIES {
                let error = of(name, text).expect_err(text).to_string();
                assert!(error.starts_with(&format!("{name}: ")), "{error}");
                assert!(error.contains(problem) && !error.contains("secret"), "{text:?}: {error}");
            }
        }
        for text in ["\"localhost\"", "http://localhost", "[::1]", "['a','b']"] {
            assert!(of("no_proxy", text).is_err(), "{text}");
        }
    }
}
