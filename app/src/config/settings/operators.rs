//! Settings for developers and operators: the in-memory fake, the operators' listener, and the log.

use crate::config::setting::{FILE, Setting};

pub(super) const OPERATORS: &[Setting] = &[
    Setting::new(
        "fake.tokens",
        FILE,
        "A TOML file that replaces the list of local tokens; it is read again when it changes.",
    ),
    Setting::new(
        "admin.listen",
        "an IP address and a port, such as 127.0.0.1:9090",
        "Socket address of a second listener, for operators: `/metrics`, `/livez`, `/readyz`. It must differ from `server.listen`. Without it: none, and no metrics.",
    ),
    Setting::new(
        "log.format",
        "text or json",
        "`text` for people, `json` for machines.",
    )
    .default("text"),
    Setting::new(
        "log.level",
        "error, warn, info, debug or trace",
        "Least severe level that is logged. `RUST_LOG` has precedence.",
    )
    .default("info"),
    Setting::new(
        "log.requests",
        "true or false",
        "Logs one event for each request, with or without a route: method, route, request id, status, outcome, duration.",
    )
    .flag()
    .default("false"),
    Setting::new(
        "log.subject",
        "true or false, and true only with log.requests",
        "Names the subject (`sub`) of a permitted caller in the event of `log.requests`.",
    )
    .flag()
    .default("false"),
    Setting::new(
        "log.client_address",
        "true or false, and true only with log.requests",
        "Names the client's address in the event of `log.requests`.",
    )
    .flag()
    .default("false"),
];
