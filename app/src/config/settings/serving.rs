//! Settings of the API: source of verdicts, listener, CORS, and resource metadata.

use crate::config::setting::{DURATION, SIZE, Setting};

pub(super) const SERVING: &[Setting] = &[
    Setting::new(
        "introspector",
        "zitadel or fake",
        "Adapter that introspects tokens. Without it: `zitadel` if `zitadel.domain` is set; otherwise `fake` in a debug build, and a refused start in a release build.",
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
        "Time that requests in flight have after SIGTERM or Ctrl-C. Beyond it they are cut off and counted in the log, and the exit status is 1. A second Ctrl-C exits at once.",
    )
    .default("10s"),
    Setting::new(
        "server.drain_delay",
        DURATION,
        "Time after SIGTERM or Ctrl-C during which connections are still accepted; answers have `Connection: close`. Behind a load balancer: `5s`.",
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
        "Maximum number of connections of one client address, for IPv6 of one /64; further ones are closed at once. Loopback and `server.trusted_proxies` have no limit. Without it: a tenth of `server.max_connections`.",
    )
    .number(),
    Setting::new(
        "server.trusted_proxies",
        "networks or addresses such as 10.0.0.0/8 or 192.0.2.7",
        "Proxies whose `Forwarded` or `X-Forwarded-For` names the client, for the limits of one client address. Without it: none, and the client is the peer of the connection.",
    ),
    Setting::new(
        "server.header_timeout",
        DURATION,
        "Time within which a whole request head must arrive.",
    )
    .default("10s"),
    Setting::new(
        "server.idle_timeout",
        DURATION,
        "Maximum time that a kept-alive connection stays without a request. Longer than the usual 60 s of load balancers.",
    )
    .default("75s"),
    Setting::new(
        "server.stall_timeout",
        DURATION,
        "Time within which a peer must move at least 1 KiB while a handler waits for its request body, or an answer is ready for it; otherwise it is cut off. A busy handler, an idle stream and an upgraded connection are not stalled.",
    )
    .default("30s"),
    Setting::new(
        "server.max_body",
        SIZE,
        "Maximum size of a request body.",
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
        "URL that clients know this API by, such as `https://api.example.com/mcp`. With it each challenge names the metadata of this resource (RFC 9728) and the scopes to ask for, so that a client such as one of MCP can sign in by itself ([mcp.md](mcp.md)). It needs `zitadel.project_id`. Without it: no metadata, and challenges as in RFC 6750.",
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
];
