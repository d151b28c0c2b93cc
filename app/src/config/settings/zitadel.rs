//! Settings of the section `[zitadel]`.

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
        "Expiry of the key, which its file does not have; `setup` writes it. From 30 days before, the start and `check` warn.",
    ),
    Setting::new(
        "zitadel.project_id",
        "the id of the project",
        "The project of this API. When set, roles are read from `urn:zitadel:iam:org:project:{id}:roles` first.",
    ),
    Setting::new(
        "zitadel.introspection_endpoint",
        URL,
        "Introspection endpoint of a provider without discovery, or of one that serves it from another origin. Without it: discovery.",
    ),
    Setting::new(
        "zitadel.connect_to",
        "an origin such as http://zitadel.svc:8080 or https://10.0.0.7, without a path",
        "Origin to connect to instead of the domain's own; `Host`, issuer and TLS name stay the domain's. With `http`, tokens travel in clear to that host.",
    ),
    Setting::new(
        "zitadel.ca_file",
        FILE,
        "Root certificates in addition to the system's, in PEM or one in DER; at most 1 MiB, read again for new connections.",
    ),
    Setting::new(
        "zitadel.canary_token_file",
        FILE,
        "Personal access token of a service user without roles, known to be good; read again when it changes. With it an inactive is believed only while ZITADEL calls this token active; else the answer is 503 (operations.md, \"A token that is known to be good\").",
    ),
    Setting::new(
        "zitadel.claims",
        "names of claims such as email, none of those that are read anyway",
        "Additional claims of the introspection response to keep, for handlers that read them with `permit.claim`. Without it: none. The values of `urn:zitadel:iam:user:metadata` are decoded.",
    ),
    Setting::new(
        "zitadel.timeout",
        DURATION,
        "Maximum time that a caller waits for a verdict, including discovery and retries.",
    )
    .default("5s"),
    Setting::new(
        "zitadel.max_in_flight",
        "a whole number, at least 1",
        "Maximum number of introspections under way; each counts until it ends, even if its callers have left. Beyond it callers get 503 at once.",
    )
    .number()
    .default("256"),
    Setting::new(
        "zitadel.known_share",
        "a whole percentage from 0% to 90%, such as 25%",
        "Share of `zitadel.max_in_flight` and `zitadel.max_per_second` that is reserved for tokens whose last answer was active, so that invented tokens cannot take it.",
    )
    .default("25%"),
    Setting::new(
        "zitadel.max_per_second",
        "a whole number, at least 1",
        "Maximum number of requests of every kind that this process sends to ZITADEL within one second. Beyond it callers get 503. For ZITADEL Cloud, which allows about 50 from one address: `45`, divided by the replicas behind one address. Without it: no limit.",
    )
    .number(),
];
