//! Text shown to an operator when the API has started.

use std::{
    fmt::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use adapters::zitadel::IssuerUrl;
use axum_zitadel::{Access, Route};
use domain::{Policy, WhenSilent};

use crate::{
    config::{Config, Introspector},
    local_tokens::LocalTokens,
};

/// Text for operators: the introspector (ZITADEL or the in-memory fake), the listen address, and
/// `curl` commands to try.
#[derive(Debug)]
pub struct Banner {
    introspector: AnsweredBy,
    routes: Vec<Route>,
}

#[derive(Debug)]
enum AnsweredBy {
    Fake {
        tokens: LocalTokens,
        copyable: bool,
    },
    /// ZITADEL at `domain` introspects the tokens. `bound` limits how far out of date a reused
    /// verdict may be; `None` without a change feed.
    Zitadel {
        domain: IssuerUrl,
        bound: Option<StalenessBound>,
    },
}

#[derive(Debug)]
struct StalenessBound {
    max_staleness: Duration,
    when_silent: WhenSilent,
}

impl Banner {
    /// Creates the banner for this configuration and these routes.
    #[must_use]
    pub fn new(config: &Config, routes: &[Route]) -> Self {
        let introspector = match &config.introspector {
            Introspector::Fake(fake) => AnsweredBy::Fake {
                tokens: fake.tokens.clone(),
                copyable: fake.tokens.is_embedded(),
            },
            Introspector::Zitadel(zitadel) => AnsweredBy::Zitadel {
                domain: zitadel.settings.domain.clone(),
                bound: config.changes.as_ref().map(|changes| StalenessBound {
                    max_staleness: changes.feed.max_staleness,
                    when_silent: changes.feed.when_silent,
                }),
            },
        };
        Self { introspector, routes: routes.to_vec() }
    }

    /// Returns the banner's text for an API that listens on `address`.
    #[must_use]
    pub fn text(&self, address: SocketAddr) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, address);
        text
    }

    fn write(&self, text: &mut String, address: SocketAddr) -> fmt::Result {
        writeln!(text, "\nListening on http://{address}")?;
        match &self.introspector {
            AnsweredBy::Zitadel { domain, bound } => {
                writeln!(text, "Tokens are introspected by ZITADEL at {}", domain.issuer())?;
                if let Some(StalenessBound { max_staleness, when_silent }) = bound {
                    let unless = match when_silent {
                        WhenSilent::Ask => "",
                        WhenSilent::Keep => " while its event log can be read",
                    };
                    let time = short(*max_staleness);
                    writeln!(text, "Answers are reused, and at most {time} out of date{unless}")?;
                }
            }
            AnsweredBy::Fake { tokens, copyable } => {
                writeln!(
                    text,
                    "WARNING: tokens are introspected by the in-memory fake. Everybody knows its \
                     tokens:\n",
                )?;
                for (token, about) in tokens.shown() {
                    writeln!(text, "    {token:<16} {about}")?;
                }
                if *copyable {
                    writeln!(
                        text,
                        "\nTo edit the tokens while the API runs, stop it and start it with a copy (-n \
                         keeps one that is there already):\n\n    \
                         cp -n app/local-tokens.toml my-tokens.local.toml\n    \
                         APP_FAKE__TOKENS=my-tokens.local.toml cargo run -p app",
                    )?;
                }
            }
        }
        writeln!(text, "\nTo try it:\n")?;
        for Route { method, path, access, sample_body, .. } in &self.routes {
            let method = match method {
                Some(method) if method != "GET" => format!(" -X {method}"),
                _ => String::new(),
            };
            let header = match access {
                Access::Public | Access::Optional(_) => String::new(),
                Access::Guarded(policy) => {
                    format!(" -H \"Authorization: Bearer {}\"", self.token(policy))
                }
            };
            let body = sample_body.map_or_else(String::new, |json| {
                format!(
                    " -H \"Content-Type: application/json\" -d '{}'",
                    json.replace('\'', "'\\''")
                )
            });
            let path = example(path);
            writeln!(text, "    curl -i{method}{header}{body} \"http://{address}{path}\"")?;
        }
        Ok(())
    }

    /// Returns a token of the in-memory fake that meets `policy`; the placeholder `$TOKEN` if there
    /// is none.
    fn token(&self, policy: &Policy) -> &str {
        match &self.introspector {
            AnsweredBy::Zitadel { .. } => "$TOKEN",
            AnsweredBy::Fake { tokens, .. } => tokens.that_meets(policy).unwrap_or("$TOKEN"),
        }
    }
}

/// Formats a duration in seconds, without trailing zeros.
fn short(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// Returns a route's path with `1` in place of each parameter.
fn example(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "1" } else { segment }.to_owned();
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_says_how_far_out_of_date_answers_are_where_a_feed_bounds_it() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("token"), "reader").unwrap();
        for (variables, expected) in [
            (&[][..], None),
            (&[("APP_CACHE__TTL", "30s")], None),
            (&[("APP_CHANGES__TOKEN_FILE", "token")], Some("at most 3 s out of date\n")),
            (
                &[("APP_CHANGES__TOKEN_FILE", "token"), ("APP_CACHE__MAX_STALENESS", "2500ms")],
                Some("at most 2.5 s out of date\n"),
            ),
            (
                &[("APP_CHANGES__TOKEN_FILE", "token"), ("APP_CHANGES__WHEN_SILENT", "keep")],
                Some("at most 3 s out of date while its event log can be read\n"),
            ),
        ] {
            let complete = [
                ("ZITADEL_DOMAIN", "https://auth.example.com"),
                ("CLIENT_ID", "1"),
                ("CLIENT_SECRET", "a"),
            ];
            let variables = complete.iter().chain(variables);
            let variables = variables.map(|(name, value)| ((*name).into(), (*value).into()));
            let config = Config::read(variables.collect(), directory.path()).unwrap();
            let text = Banner::new(&config, &[]).text("127.0.0.1:5000".parse().unwrap());
            let line = text.split_once("Answers are reused, and ").map(|(_, rest)| rest);
            match expected {
                None => assert_eq!(line, None),
                Some(expected) => assert!(line.unwrap().starts_with(expected), "{text}"),
            }
        }
    }
}
