//! Settings of the use of verdicts: requirements on tokens, the cache, and the change feed.

use crate::config::setting::{DURATION, FILE, SIZE, Setting};

pub(super) const VERDICTS: &[Setting] = &[
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
];
