//! Settings for judging tokens and reusing verdicts: `[auth]`, `[cache]` and `[changes]`.

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
        "Status when a valid token lacks the role: `401`, as the Python example documents, or `403`, as RFC 6750 recommends. With `resource.url` the default is `403`.",
    )
    .number()
    .default("401"),
    Setting::new(
        "auth.max_stream",
        DURATION,
        "Maximum duration of a stream, or of any other answer of a guarded service, by one token, ±10 %. `0s`: as long as the token is valid.",
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
        "The token's `aud` must contain one of these. Without it: only ZITADEL's own audience rule applies.",
    ),
    Setting::new(
        "cache.ttl",
        DURATION,
        "Time for which an answer may be reused; never beyond the token's `exp`. `0s` is off: every request is introspected. With `changes.token_file` the default is `5m`.",
    )
    .default("0s"),
    Setting::new(
        "cache.max_entries",
        "a whole number, at least 1",
        "Maximum number of cached answers.",
    )
    .number()
    .default("100000"),
    Setting::new(
        "cache.max_bytes",
        SIZE,
        "Maximum memory of the cached answers. Memory that answers share is divided among them.",
    )
    .number()
    .default("64MiB"),
    Setting::new(
        "cache.max_staleness",
        "a duration with a unit, such as 5s or 500ms, at least changes.interval and 1s, and only with changes.token_file",
        "With the change feed: maximum time by which the knowledge that judges a request is out of date.",
    )
    .default("3s"),
    Setting::new(
        "changes.token_file",
        FILE,
        "Personal access token of a service user that may read ZITADEL's event log (`IAM_OWNER_VIEWER`); it is read again when it changes. With it answers are reused for `cache.ttl`, and a change at ZITADEL takes effect within `cache.max_staleness`. Without it: no change feed, and no other setting of this section.",
    ),
    Setting::new(
        "changes.interval",
        DURATION,
        "Time between two polls of the event log. For more than ten replicas: longer.",
    )
    .default("1s"),
    Setting::new(
        "changes.overlap",
        DURATION,
        "Time that each poll reads back, in addition to the duration of the previous poll. The clock of ZITADEL's database may step back by less than this.",
    )
    .default("10s"),
    Setting::new(
        "changes.settle",
        DURATION,
        "Time after a change during which answers that it concerns are not reused.",
    )
    .default("5s"),
    Setting::new(
        "changes.lag",
        DURATION,
        "Time after a change of a subject's roles during which an answer about that subject is reused for at most `cache.max_staleness`: ZITADEL may return the old roles until its projection has caught up.",
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
        "Socket address of a listener for a target of ZITADEL's Actions, whose deliveries make the next poll happen at once. It must differ from `server.listen` and `admin.listen`. Without it: none.",
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
        "Signing key of the target, or two keys on two lines during a rotation; it is read again when it changes. `changes.webhook.listen` needs it.",
    ),
];
