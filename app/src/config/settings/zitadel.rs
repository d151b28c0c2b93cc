//! Settings of `[zitadel]`.

use crate::config::setting::{DURATION, FILE, Setting, URL};

pub(super) const ZITADEL: &[Setting] = &[
    Setting::new("zitadel.domain", URL, "Issuer and base URL. One trailing `/` is ignored.")
        .example_name("ZITADEL_DOMAIN"),
    Setting::new(
        "zitadel.client_id",
        "the client id of the API application",
        "Client id for `client_secret_basic`.",
    )
    .example_name("CLIENT_ID"),
    Setting::new(
        "zitadel.client_secret",
        "the client secret of the API application",
        "Client secret for `client_secret_basic`.",
    )
    .example_name("CLIENT_SECRET"),
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
    .example_name("KEY_FILE"),
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
];
