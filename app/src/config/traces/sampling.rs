//! Reads the environment variables that select the traces to send.

use super::variables::Variables;
use crate::config::error::ConfigError;

const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";

/// Selection of the traces that are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// True if the caller's trace, if any, decides whether a request is traced.
    pub follows_caller: bool,
    /// Share of traces that are sent, from 0 to 1, if no caller's trace decides.
    pub ratio: f64,
}

impl Sampling {
    pub(super) fn read(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let ratio = |text: &str| text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        let parse = |text: &str| {
            let name = text.to_ascii_lowercase();
            let rest = name.strip_prefix("parentbased_");
            let ratio = match rest.unwrap_or(&name) {
                "always_on" => Some(1.0),
                "always_off" => Some(0.0),
                "traceidratio" => None,
                _ => return None,
            };
            Some((rest.is_some(), ratio))
        };
        let sampler = variables.parsed(
            [SAMPLER],
            parse,
            "always_on, always_off or traceidratio, or one of them with parentbased_ before it",
        )?;
        let (follows_caller, fixed) = sampler.unwrap_or((true, Some(1.0)));
        let ratio = match fixed {
            Some(fixed) => fixed,
            None => variables.parsed([RATIO], ratio, "a number from 0 to 1")?.unwrap_or(1.0),
        };
        Ok(Self { follows_caller, ratio })
    }
}
