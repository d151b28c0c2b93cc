//! Every setting: name, default and meaning. A test compares them with `docs/configuration.md`.

/// One setting. It has one name in each layer: `server.listen` is `[server] listen` in TOML and,
/// after the prefix, `SERVER__LISTEN` in `.env` and the environment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// Name in the `.env` of ZITADEL's Python example, if it has one.
    pub(super) seed_name: Option<&'static str>,
    /// Default, as written in the environment.
    pub(super) default: Option<&'static str>,
    /// Type that it may have in TOML besides text.
    pub(super) toml: TomlType,
    /// Description of valid values, for the error message.
    pub(super) expects: &'static str,
    /// Meaning, for the documentation. Without a default, it says what happens if the setting is
    /// not set.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of docs/configuration.md"))]
    pub(super) meaning: &'static str,
}

/// Type of a value in TOML, besides text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TomlType {
    /// None: the value is in quotes.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl Setting {
    const fn new(name: &'static str, expects: &'static str, meaning: &'static str) -> Self {
        Self { name, seed_name: None, default: None, toml: TomlType::Text, expects, meaning }
    }

    const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    const fn seed(self, seed_name: &'static str) -> Self {
        Self { seed_name: Some(seed_name), ..self }
    }

    /// Accepts a number of TOML as well as text.
    const fn number(self) -> Self {
        Self { toml: TomlType::Number, ..self }
    }

    /// Accepts `true` and `false` of TOML as well as text.
    const fn flag(self) -> Self {
        Self { toml: TomlType::Boolean, ..self }
    }

    /// Returns the name in the environment and in `.env`, without the prefix.
    pub(super) fn variable_name(&self) -> String {
        self.name.to_uppercase().replace('.', "__")
    }
}

const URL: &str = "an https URL, or an http URL on loopback";
const FILE: &str = "the path of a file";
const SIZE: &str = "a size in bytes or with a unit, such as 1MiB";
const DURATION: &str = "a duration with a unit, such as 5s or 500ms";

/// All settings, in the order of the documentation.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "introspector",
        "zitadel or fake",
        "Which adapter answers. Without it: `zitadel` if `zitadel.domain` is set; otherwise `fake` in a debug build, and a refused start in a release build.",
    ),
    Setting::new(
        "server.listen",
        "an IP address and a port, such as 127.0.0.1:5000",
        "Socket address of the API. Port 0 lets the system choose.",
    )
    .default("127.0.0.1:5000"),
    Setting::new(
        "server.shutdown_grace",
        DURATION,
        "How long requests in flight may take after SIGTERM or Ctrl-C. Beyond it they are cut off, counted in the log, and the exit status is 1. A second Ctrl-C exits at once.",
    )
    .default("10s"),
    Setting::new(
        "server.drain_delay",
        DURATION,
        "How long to go on accepting after SIGTERM or Ctrl-C, every answer with `Connection: close`. Behind a load balancer: `5s`.",
    )
    .default("0s"),
    Setting::new(
        "server.max_connections",
        "a whole number, at least 1",
        "Connections served at once; more wait to be accepted.",
    )
    .number()
    .default("10000"),
    Setting::new(
        "server.max_connections_per_address",
        "a whole number, at least 1",
        "Connections that one client address may hold, of IPv6 one /64; one more is closed at once. Loopback and `server.trusted_proxies` are not bounded. Without it: a tenth of `server.max_connections`.",
    )
    .number(),
    Setting::new(
        "server.trusted_proxies",
        "networks or addresses such as 10.0.0.0/8 or 192.0.2.7",
        "Proxies whose `Forwarded` or `X-Forwarded-For` names the client, for what one client address may take. Without it: none, and the client is the peer of the connection.",
    ),
    Setting::new(
        "server.header_timeout",
        DURATION,
        "For a whole request head to arrive.",
    )
    .default("10s"),
    Setting::new(
        "server.idle_timeout",
        DURATION,
        "How long a kept-alive connection may be without a request. Above the usual 60 s of load balancers.",
    )
    .default("75s"),
    Setting::new(
        "server.stall_timeout",
        DURATION,
        "A peer that owes bytes and moves less than 1 KiB in this time is cut: a request body that a handler waits for, or room for an answer that is ready. A handler that computes, a stream with nothing to say and an upgraded connection are not stalled.",
    )
    .default("30s"),
    Setting::new(
        "server.max_body",
        SIZE,
        "The longest request body that a handler reads.",
    )
    .number()
    .default("1MiB"),
    Setting::new(
        "cors.allowed_origins",
        "origins such as https://app.example.com, without path or wildcard",
        "Exact origins of browser clients. Without it: no CORS headers at all.",
    ),
    Setting::new(
        "resource.url",
        "an https URL, or an http URL on loopback, without query and fragment",
        "URL that clients know this API by, such as `https://api.example.com/mcp`. With it each challenge names the metadata of this resource (RFC 9728) and the scopes to ask for, so that a client such as one of MCP signs in by itself ([mcp.md](mcp.md)). It needs `zitadel.project_id`. Without it: no metadata, and challenges as in RFC 6750.",
    ),
    Setting::new(
        "resource.name",
        "a name for people",
        "Name of the resource, which clients show when they ask to sign in. Without it: none.",
    ),
    Setting::new(
        "resource.documentation",
        "an https or http URL",
        "Page for developers who call this API. Without it: none.",
    ),
    Setting::new("zitadel.domain", URL, "Issuer and base URL. One trailing `/` is ignored.")
        .seed("ZITADEL_DOMAIN"),
    Setting::new(
        "zitadel.client_id",
        "the client id of the API application",
        "Client id for `client_secret_basic`.",
    )
    .seed("CLIENT_ID"),
    Setting::new(
        "zitadel.client_secret",
        "the client secret of the API application",
        "Client secret for `client_secret_basic`.",
    )
    .seed("CLIENT_SECRET"),
    Setting::new(
        "zitadel.client_secret_file",
        FILE,
        "A file that holds the client secret; a line break at its end is ignored. It is read again while the API runs.",
    ),
    Setting::new(
        "zitadel.client_id_file",
        FILE,
        "A file that holds the client id, in place of `zitadel.client_id`, so that it is replaced together with `zitadel.client_secret_file`.",
    ),
    Setting::new(
        "zitadel.key_file",
        FILE,
        "ZITADEL's `key.json` of an API application, for `private_key_jwt`. It is read again while the API runs.",
    )
    .seed("KEY_FILE"),
    Setting::new(
        "zitadel.key_expires",
        "a time such as 2027-11-26T00:00:00Z",
        "When the key expires, which its file does not tell: `setup` writes it. From 30 days before on, the start and `check` warn.",
    ),
    Setting::new(
        "zitadel.project_id",
        "the id of the project",
        "The project of this API. When set, roles are read from `urn:zitadel:iam:org:project:{id}:roles` first.",
    ),
    Setting::new(
        "zitadel.introspection_endpoint",
        URL,
        "Introspection endpoint of a provider without discovery, or of one that serves it from another origin. Without it: discovery is asked.",
    ),
    Setting::new(
        "zitadel.connect_to",
        "an origin such as http://zitadel.svc:8080 or https://10.0.0.7, without a path",
        "Origin to connect to instead of the domain's own; `Host`, issuer and TLS name stay the domain's. With `http`, tokens travel in clear to that host.",
    ),
    Setting::new(
        "zitadel.ca_file",
        FILE,
        "Further root certificates, in PEM or one in DER, besides the system's; at most 1 MiB, read again for new connections.",
    ),
    Setting::new(
        "zitadel.canary_token_file",
        FILE,
        "Personal access token of a service user without roles, known to be good; read again when it changes. With it an inactive is believed only while ZITADEL calls this token active; else the answer is 503 (operations.md, \"A token that is known to be good\").",
    ),
    Setting::new(
        "zitadel.claims",
        "names of claims such as email, none of those that are read anyway",
        "Further claims of the introspection answer to keep, for handlers that read them with `permit.claim`. Without it: none. The values of `urn:zitadel:iam:user:metadata` are decoded.",
    ),
    Setting::new(
        "zitadel.timeout",
        DURATION,
        "The most one caller waits for a verdict, everything included.",
    )
    .default("5s"),
    Setting::new(
        "zitadel.max_in_flight",
        "a whole number, at least 1",
        "Introspections under way at once, counted until they end, whoever left. Beyond it callers get 503 at once.",
    )
    .number()
    .default("256"),
    Setting::new(
        "zitadel.known_share",
        "a whole percentage from 0% to 90%, such as 25%",
        "Part of `zitadel.max_in_flight` and `zitadel.max_per_second` that is kept for tokens whose last answer was active, so that invented tokens cannot take it.",
    )
    .default("25%"),
    Setting::new(
        "zitadel.max_per_second",
        "a whole number, at least 1",
        "Requests of every kind that this process sends to ZITADEL within one second, at most. Beyond it callers get 503. For ZITADEL Cloud, which allows an address about 50: `45`, divided by the replicas behind one address. Without it: no limit.",
    )
    .number(),
    Setting::new(
        "auth.realm",
        "printable ASCII without quote and backslash",
        "The realm of the challenge in `WWW-Authenticate`.",
    )
    .default("api"),
    Setting::new(
        "auth.missing_role_status",
        "401 or 403",
        "Status when a valid token lacks the role: `401`, as the Python example documents, or `403`, as RFC 6750 has it. With `resource.url`: `403`, unless it is set.",
    )
    .number()
    .default("401"),
    Setting::new(
        "auth.max_stream",
        DURATION,
        "How long a stream, or any other answer of a guarded service, may go on by one token, give or take 10 %. `0s`: for as long as the token is valid.",
    )
    .default("1h"),
    Setting::new(
        "auth.leeway",
        DURATION,
        "Clock skew tolerated when `nbf` is judged. It never extends `exp`.",
    )
    .default("5s"),
    Setting::new(
        "auth.organizations",
        "organization ids",
        "The user's organization (`urn:zitadel:iam:user:resourceowner:id`) must be one of these. Without it: any. Tokens other than PATs carry that claim only with the scope `urn:zitadel:iam:user:resourceowner`.",
    ),
    Setting::new(
        "auth.audience",
        "client ids or project ids",
        "The token's `aud` must contain one of these. Without it: ZITADEL's own audience rule alone.",
    ),
    Setting::new(
        "cache.ttl",
        DURATION,
        "How long an answer may be reused; never past the token's `exp`. `0s` is off: every request is introspected. With `changes.token_file`: `5m`, unless it is set.",
    )
    .default("0s"),
    Setting::new(
        "cache.max_entries",
        "a whole number, at least 1",
        "Answers kept at most.",
    )
    .number()
    .default("100000"),
    Setting::new(
        "cache.max_bytes",
        SIZE,
        "Memory that the answers may take, the other bound. What answers share is divided among them.",
    )
    .number()
    .default("64MiB"),
    Setting::new(
        "cache.max_staleness",
        "a duration with a unit, such as 5s or 500ms, at least changes.interval and 1s, and only with changes.token_file",
        "With the change feed: no request is judged by knowledge that is more out of date than this.",
    )
    .default("3s"),
    Setting::new(
        "changes.token_file",
        FILE,
        "Personal access token of a service user that may read ZITADEL's event log (`IAM_OWNER_VIEWER`); it is read again when it changes. With it answers are reused for `cache.ttl`, and a change at ZITADEL counts within `cache.max_staleness`. Without it: no change feed, and no other setting of this section.",
    ),
    Setting::new(
        "changes.interval",
        DURATION,
        "Time between two polls of the event log. More than ten replicas: longer.",
    )
    .default("1s"),
    Setting::new(
        "changes.overlap",
        DURATION,
        "How far each poll reads back, beside the duration of the poll before. The clock of ZITADEL's database may step back by less than this.",
    )
    .default("10s"),
    Setting::new(
        "changes.settle",
        DURATION,
        "For this long after a change, answers that it concerns are asked for at each use.",
    )
    .default("5s"),
    Setting::new(
        "changes.lag",
        DURATION,
        "For this long after a change of a subject's roles, an answer about that subject is reused for `cache.max_staleness` at most: ZITADEL may tell the old roles until its projection has caught up.",
    )
    .default("2m"),
    Setting::new(
        "changes.when_silent",
        "ask or keep",
        "While the event log cannot be read: `ask` reuses an answer for `cache.max_staleness` at most, `keep` for `cache.ttl`.",
    )
    .default("ask"),
    Setting::new(
        "changes.webhook.listen",
        "an IP address and a port, such as 127.0.0.1:9091",
        "Socket address of a listener for a target of ZITADEL's Actions, whose deliveries make the next poll happen at once. Neither the API's nor that of operators. Without it: none.",
    ),
    Setting::new(
        "changes.webhook.path",
        "a path that begins with /, without query",
        "Path of the webhook on its listener.",
    )
    .default("/zitadel/events"),
    Setting::new(
        "changes.webhook.key_file",
        FILE,
        "Signing key of the target, or two of them on a line each while one replaces the other; it is read again when it changes. `changes.webhook.listen` needs it.",
    ),
    Setting::new(
        "fake.tokens",
        FILE,
        "A TOML file that replaces the list of local tokens; it is read again when it changes.",
    ),
    Setting::new(
        "admin.listen",
        "an IP address and a port, such as 127.0.0.1:9090",
        "Socket address of a second listener, for operators: `/metrics`, `/livez`, `/readyz`. Never the API's own. Without it: none, and nothing is measured.",
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
        "The least severe level that is logged. `RUST_LOG` wins over it.",
    )
    .default("info"),
    Setting::new(
        "log.requests",
        "true or false",
        "One event for each request of a route or of none: method, route, request id, status, outcome, duration.",
    )
    .flag()
    .default("false"),
    Setting::new(
        "log.subject",
        "true or false, and true only with log.requests",
        "Whether the event of `log.requests` names the subject (`sub`) of whoever was let in.",
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

pub(super) fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
