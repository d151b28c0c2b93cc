//! What a person reads when the API has started.

use std::{
    fmt::{self, Write},
    net::SocketAddr,
};

use adapters::zitadel::Domain;
use axum_zitadel::{Access, Route};
use domain::Policy;

use crate::{
    config::{Config, Introspector},
    local_tokens::LocalTokens,
};

/// Says which introspector answers, where, and what to try. Made from the configuration before it
/// is used up, shown when the address is known.
#[derive(Debug)]
pub struct Banner {
    introspector: Answering,
    routes: Vec<Route>,
}

#[derive(Debug)]
enum Answering {
    Fake { tokens: LocalTokens, copyable: bool },
    Zitadel(Domain),
}

impl Banner {
    /// The banner of an API with this configuration and these routes.
    #[must_use]
    pub fn new(config: &Config, routes: &[Route]) -> Self {
        let introspector = match &config.introspector {
            Introspector::Fake(fake) => {
                Answering::Fake { tokens: fake.tokens.clone(), copyable: fake.tokens.is_embedded() }
            }
            Introspector::Zitadel(zitadel) => Answering::Zitadel(zitadel.settings.domain.clone()),
        };
        Self { introspector, routes: routes.to_vec() }
    }

    /// The text for an API that listens on `address`.
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
            Answering::Zitadel(domain) => {
                writeln!(text, "Tokens are introspected by ZITADEL at {}", domain.issuer())?;
            }
            Answering::Fake { tokens, copyable } => {
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
            let method = if method == "GET" { String::new() } else { format!(" -X {method}") };
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

    /// A token that opens a route of this policy.
    fn token(&self, policy: &Policy) -> &str {
        match &self.introspector {
            Answering::Zitadel(_) => "$TOKEN",
            Answering::Fake { tokens, .. } => tokens.that_meets(policy).unwrap_or("$TOKEN"),
        }
    }
}

/// A path to try: each parameter is 1.
fn example(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "1" } else { segment }.to_owned();
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
