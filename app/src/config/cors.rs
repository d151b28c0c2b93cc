//! `[cors]`: which browser clients may call.

use std::str::FromStr;

use axum::http::HeaderValue;
use url::Url;

use super::{
    error::{ConfigError, InvalidValue},
    layers::Layers,
};

/// Which browser clients may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// The exact origins of their pages. None: no CORS headers at all.
    pub allowed_origins: Vec<AllowedOrigin>,
}

impl Cors {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self { allowed_origins: layers.list("cors.allowed_origins")? })
    }
}

/// An origin as browsers send it (RFC 6454 §6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(HeaderValue);

impl AllowedOrigin {
    /// The value of `Origin` that is allowed.
    #[must_use]
    pub fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

const NO_ORIGIN: InvalidValue =
    InvalidValue("it is no origin as a browser sends it: scheme, host and port, in lower case");

impl FromStr for AllowedOrigin {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let url = Url::parse(text).map_err(|_| NO_ORIGIN)?;
        if text.contains('*') || url.host().is_none() || url.origin().ascii_serialization() != text
        {
            return Err(NO_ORIGIN);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| NO_ORIGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for text in ["https://app.example.com", "http://localhost:3000", "https://[::1]:8443"] {
            assert_eq!(text.parse::<AllowedOrigin>().unwrap().as_header(), text);
        }
        for text in [
            "*",
            "null",
            "",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com:443",
            "https://App.example.com",
            "https://*.example.com",
            "https://app.example.com/path",
            "file:///",
        ] {
            assert_eq!(text.parse::<AllowedOrigin>(), Err(NO_ORIGIN), "{text}");
        }
    }
}
