//! Limit of open files of this process, and the number of connections that clients may hold.

use std::num::NonZeroUsize;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// File descriptors reserved for the operators' listener.
const OPERATORS: usize = 64;
/// File descriptors reserved for the runtime, the log, a trace collector, and files.
const FILES: usize = 32;

/// Raises this process's limit of open files as far as the system allows. Returns the maximum
/// number of client connections: `max_connections`, or fewer if the limit leaves no room for that
/// many. `zitadel` is the number of connections to ZITADEL and from its webhook, which need room
/// too.
pub(crate) fn places(max_connections: NonZeroUsize, zitadel: usize) -> NonZeroUsize {
    let Some(limit) = raise() else { return max_connections };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let reserved = zitadel.saturating_add(OPERATORS + FILES);
    let places = places_within(limit, reserved).min(max_connections);
    if places < max_connections {
        warn!(
            limit,
            reserved,
            max_connections = places,
            "server.max_connections is lowered: this process may have too few files open for it, \
             beside those for ZITADEL, operators and files; raise the hard limit (ulimit -Hn, \
             LimitNOFILE of systemd), or lower the setting",
        );
    }
    places
}

/// Raises the soft limit of open files, and returns the new limit; `None` means unlimited.
fn raise() -> Option<u64> {
    let found = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: found.maximum, ..found };
    if found.current == raised.current {
        return found.current;
    }
    // Some systems have no hard limit, but refuse an unlimited soft limit.
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(_) => found.current,
    }
}

/// Returns the maximum number of client connections: `limit` minus `reserved`, but at least half of
/// `limit`, and at least 1.
fn places_within(limit: usize, reserved: usize) -> NonZeroUsize {
    NonZeroUsize::new(limit.saturating_sub(reserved).max(limit / 2)).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_get_what_nothing_else_needs_and_at_least_half() {
        for (limit, reserved, expected) in [
            (20_000, 352, 19_648),
            (1_024, 352, 672),
            (704, 352, 352),
            (400, 352, 200),
            (50, 96, 25),
            (1, 96, 1),
            (0, 96, 1),
            (1_024, usize::MAX, 512),
            (usize::MAX, 352, usize::MAX - 352),
        ] {
            assert_eq!(places_within(limit, reserved).get(), expected, "{limit} {reserved}");
        }
    }
}
