//! URL at which ZITADEL calls the webhook, and environment variables of the API's listener that
//! receives these calls.

use std::{collections::BTreeMap, net::IpAddr, str::FromStr};

use url::{Host, Url};

use crate::config::Prefix;

/// File with the signing key of the webhook.
pub(super) const KEY_FILE: &str = "webhook_key";

/// Address on which the API listens for webhook calls that an ingress forwards.
const LISTEN: &str = "127.0.0.1:9091";
/// Default of `changes.webhook.path`.
const PATH: &str = "/zitadel/events";

/// URL at which ZITADEL calls the webhook: `https`, or `http` on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookUrl(Url);

impl FromStr for WebhookUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url: Url =
            text.parse().map_err(|_| "it is no address such as https://api.example.com")?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("it must have scheme, host, port and path only");
        }
        let url = Self(url);
        match url.0.scheme() {
            "https" => Ok(url),
            "http" if url.loopback().is_some() => Ok(url),
            _ => Err("it must be https, or http on loopback"),
        }
    }
}

impl WebhookUrl {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn loopback(&self) -> Option<IpAddr> {
        let address = match self.0.host()? {
            Host::Ipv4(address) => address.into(),
            Host::Ipv6(address) => address.into(),
            Host::Domain("localhost") => IpAddr::from([127, 0, 0, 1]),
            Host::Domain(_) => return None,
        };
        address.is_loopback().then_some(address)
    }

    /// Returns the address on which the API must listen for webhook calls: host and port of an
    /// `http` URL, or the default [`LISTEN`] for `https`.
    fn listen(&self) -> String {
        match (self.0.scheme(), self.loopback(), self.0.port_or_known_default()) {
            ("http", Some(IpAddr::V6(address)), Some(port)) => format!("[{address}]:{port}"),
            ("http", Some(address), Some(port)) => format!("{address}:{port}"),
            _ => LISTEN.to_owned(),
        }
    }

    /// Returns this webhook's environment variables, with their right values, that are missing or
    /// wrong in `here`, the variables of `.env`. A listen address in `here` is kept.
    pub(super) fn variables(
        &self,
        prefix: &Prefix,
        here: &BTreeMap<String, String>,
    ) -> Vec<(String, String)> {
        let name = |setting: &str| prefix.variable(&format!("changes.webhook.{setting}"));
        let (key_file, listen, path) = (name("key_file"), name("listen"), name("path"));
        let mut missing = Vec::new();
        if here.get(&key_file).is_none_or(|file| file != KEY_FILE) {
            missing.push((key_file, KEY_FILE.to_owned()));
        }
        if !here.contains_key(&listen) {
            missing.push((listen, self.listen()));
        }
        if here.get(&path).map_or(PATH, String::as_str) != self.0.path() {
            missing.push((path, self.0.path().to_owned()));
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_on_loopback() {
        for (text, listen) in [
            ("https://api.example.com/zitadel/events", LISTEN),
            ("https://127.0.0.1:9443/x", LISTEN),
            ("http://127.0.0.1:9191/x", "127.0.0.1:9191"),
            ("http://localhost:9191/x", "127.0.0.1:9191"),
            ("http://[::1]:9191/x", "[::1]:9191"),
        ] {
            assert_eq!(text.parse::<WebhookUrl>().unwrap().listen(), listen, "{text}");
        }
        for text in [
            "",
            "api.example.com",
            "http://api.example.com/x",
            "http://10.0.0.1/x",
            "ftp://127.0.0.1/x",
            "https://user:secret@api.example.com/x",
        ] {
            assert!(text.parse::<WebhookUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn variables_are_set_where_they_are_missing_or_wrong() {
        let prefix = Prefix::default();
        let missing = |url: &str, here: &[(&str, &str)]| {
            let pair = |(name, value): &(&str, &str)| {
                (format!("APP_CHANGES__WEBHOOK__{name}"), (*value).to_owned())
            };
            let url: WebhookUrl = url.parse().unwrap();
            let variables = url.variables(&prefix, &here.iter().map(pair).collect());
            let shown = |(name, value): (String, String)| {
                format!("{}={value}", name.trim_start_matches("APP_CHANGES__WEBHOOK__"))
            };
            variables.into_iter().map(shown).collect::<Vec<_>>()
        };
        let usual = "https://api.example.com/zitadel/events";
        assert_eq!(missing(usual, &[]), ["KEY_FILE=webhook_key", "LISTEN=127.0.0.1:9091"]);
        let there = [("KEY_FILE", "webhook_key"), ("LISTEN", "0.0.0.0:80")];
        assert_eq!(missing(usual, &there), [""; 0]);
        assert_eq!(missing("https://api.example.com/hook", &there), ["PATH=/hook"]);
        let others = [("KEY_FILE", "key"), ("LISTEN", "0.0.0.0:80"), ("PATH", "/hook")];
        assert_eq!(missing(usual, &others), ["KEY_FILE=webhook_key", "PATH=/zitadel/events"]);
    }
}
