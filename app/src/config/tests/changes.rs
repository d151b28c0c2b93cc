//! Tests of the section `[changes]` and of `cache.max_staleness`.

use adapters::zitadel::{FeedSettings, SigningKeys};
use domain::WhenSilent;

use super::*;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

fn feed(setup: Setup) -> Changes {
    setup.read().unwrap().changes.unwrap()
}

/// Returns the feed's `interval`, `overlap`, `settle`, `lag` and `max_staleness` in seconds, and
/// `when_silent`.
fn values(changes: &Changes) -> ([u64; 5], WhenSilent) {
    let FeedSettings { interval, overlap, settle, lag, max_staleness, .. } = changes.feed;
    let durations = [interval, overlap, settle, lag, max_staleness];
    (durations.map(|duration| duration.as_secs()), changes.feed.when_silent)
}

#[test]
fn a_token_file_is_all_that_the_feed_needs() {
    let config = Setup::with_feed().read().unwrap();
    let changes = config.changes.unwrap();
    assert_eq!(values(&changes), ([1, 10, 5, 120, 3], WhenSilent::Ask));
    assert_eq!(changes.feed.token.current().expose_secret(), "reader-token");
    assert_eq!(changes.webhook, None);
    assert_eq!(config.cache.ttl, Duration::from_secs(300));
    assert!(Setup::zitadel().read().unwrap().changes.is_none());
}

#[test]
fn each_setting_arrives_from_each_layer() {
    let toml = "[cache]\nttl = \"1h\"\nmax_staleness = \"20s\"\n[changes]\ninterval = \"10s\"\n\
                overlap = \"11s\"\nsettle = \"12s\"\nlag = \"13s\"\nwhen_silent = \"keep\"\n\
                [changes.webhook]\nlisten = \"127.0.0.1:1\"\npath = \"/ring\"\nkey_file = \"key\"";
    let in_toml = Setup::with_feed().file("key", KEY).file("config.toml", toml);
    let mut in_variables = Setup::with_feed().file("key", KEY);
    for (variable, value) in [
        ("CACHE__TTL", "1h"),
        ("CACHE__MAX_STALENESS", "20s"),
        ("CHANGES__INTERVAL", "10s"),
        ("CHANGES__OVERLAP", "11s"),
        ("CHANGES__SETTLE", "12s"),
        ("CHANGES__LAG", "13s"),
        ("CHANGES__WHEN_SILENT", "keep"),
        ("CHANGES__WEBHOOK__LISTEN", "127.0.0.1:1"),
        ("CHANGES__WEBHOOK__PATH", "/ring"),
        ("CHANGES__WEBHOOK__KEY_FILE", "key"),
    ] {
        in_variables = in_variables.variable(&format!("APP_{variable}"), value);
    }
    for setup in [in_toml, in_variables] {
        let directory = setup.directory.path().to_owned();
        let config = setup.read().unwrap();
        let changes = config.changes.unwrap();
        assert_eq!(values(&changes), ([10, 11, 12, 13, 20], WhenSilent::Keep));
        let webhook = Webhook {
            listen: "127.0.0.1:1".parse().unwrap(),
            path: "/ring".to_owned(),
            key_file: directory.join("key"),
            keys: SigningKeys::parse(KEY).unwrap(),
        };
        assert_eq!(changes.webhook, Some(webhook));
        assert_eq!(config.cache.ttl, Duration::from_secs(3_600));
    }
}

#[test]
fn nothing_of_the_feed_is_set_without_its_token_file() {
    let of_the_feed = settings::all().filter(|setting| {
        setting.name.starts_with("changes.") || setting.name == "cache.max_staleness"
    });
    let value = |name: &str| match name {
        "changes.when_silent" => "keep",
        "changes.webhook.listen" => "127.0.0.1:9091",
        "changes.webhook.path" => "/ring",
        "changes.webhook.key_file" => "webhook.txt",
        _ => "7s",
    };
    let mut refused = 0;
    for name in of_the_feed.map(|setting| setting.name) {
        if name == "changes.token_file" {
            continue;
        }
        let (setup, named) = if name.starts_with("changes.webhook") {
            (Setup::with_webhook(), "changes.webhook.listen")
        } else {
            (Setup::with_feed(), name)
        };
        let setup = setup.variable(&Prefix::default().variable(name), value(name));
        setup.variable("APP_CHANGES__TOKEN_FILE", "").refused(&["changes.token_file", named]);
        refused += 1;
    }
    assert!(refused >= 9, "{refused}");
}

#[test]
fn a_feed_has_a_zitadel_to_read() {
    Setup::with_feed().variable("APP_INTROSPECTOR", "fake").refused(&[
        "changes.token_file",
        "the in-memory fake",
        "introspector = \"zitadel\"",
    ]);
}

#[test]
fn a_token_file_must_hold_a_token() {
    let with = |text: &str| Setup::with_feed().file("reader.txt", text);
    for text in ["reader-token", "reader-token\r\n", "ey.J.hb~G+c/i-O_=="] {
        assert!(with(text).read().is_ok(), "{text}");
    }
    let long = "a".repeat(16 * 1024 + 1);
    for (text, expected) in [
        ("", "is empty"),
        ("\n", "is empty"),
        ("top-secret 2", "does not allow"),
        ("top-secret\ntop-secret", "does not allow"),
        ("\u{feff}top-secret", "does not allow"),
        ("Bearer top-secret", "does not allow"),
        (&long, "longer than 16384 bytes"),
    ] {
        with(text).refused(&["changes.token_file", "reader.txt: ", expected]);
    }
    Setup::with_feed().variable("APP_CHANGES__TOKEN_FILE", "missing.txt").refused(&[
        "changes.token_file",
        "missing.txt",
        "No such file",
    ]);
    Setup::with_feed()
        .variable("APP_CHANGES__TOKEN_FILE", "/tmp/")
        .refused(&["changes.token_file", "directory"]);
}

#[test]
fn a_poll_fits_into_the_staleness() {
    let with = |interval: &str, staleness: &str| {
        Setup::with_feed()
            .variable("APP_CHANGES__INTERVAL", interval)
            .variable("APP_CACHE__MAX_STALENESS", staleness)
    };
    for (interval, staleness) in [("1s", "2s"), ("2s", ""), ("500ms", "1500ms"), ("10m", "601s")] {
        assert!(with(interval, staleness).read().is_ok(), "{interval} {staleness}");
    }
    for (interval, staleness, right) in [
        ("3s", "", "set 4s or more"),
        ("1s", "1999ms", "set 2s or more"),
        ("", "1s", "set 2s or more"),
        ("30d", "30d", "set 30days 1s or more"),
    ] {
        with(interval, staleness).refused(&["cache.max_staleness", "changes.interval", right]);
    }
}

#[test]
fn reuse_that_is_turned_off_needs_no_feed() {
    Setup::with_feed()
        .variable("APP_CACHE__TTL", "0s")
        .refused(&["cache.ttl (APP_CACHE__TTL in the environment)", "changes.token_file"]);
    let other = Setup::with_feed().variable("APP_CACHE__TTL", "1s").read().unwrap();
    assert_eq!(other.cache.ttl, Duration::from_secs(1));
}

#[test]
fn no_duration_of_the_feed_in_which_nothing_can_happen() {
    for (name, value) in [("INTERVAL", "0s"), ("OVERLAP", "0s")] {
        Setup::with_feed()
            .variable(&format!("APP_CHANGES__{name}"), value)
            .refused(&["nothing can happen in no time"]);
    }
    let none = Setup::with_feed().variable("APP_CHANGES__SETTLE", "0s");
    assert!(feed(none.variable("APP_CHANGES__LAG", "0s")).feed.lag.is_zero());
}

#[test]
fn a_webhook_has_a_port_a_path_and_a_key() {
    let with = |name: &str, value: &str| {
        Setup::with_webhook().variable(&format!("APP_CHANGES__WEBHOOK__{name}"), value)
    };
    let webhook = feed(Setup::with_webhook()).webhook.unwrap();
    assert_eq!(webhook.listen, "127.0.0.1:9091".parse().unwrap());
    assert_eq!(webhook.path, "/zitadel/events");
    assert!(feed(with("LISTEN", "127.0.0.1:0")).webhook.is_some());
    for (name, value, expected) in [
        ("PATH", "ring", &["changes.webhook.path", "begins with /"][..]),
        ("PATH", "https://api.example.com/ring", &["changes.webhook.path"]),
        ("PATH", "/ring?key=top-secret", &["changes.webhook.path", "without query"]),
        ("PATH", "/a b", &["changes.webhook.path"]),
        ("LISTEN", "9091", &["changes.webhook.listen", "such as 127.0.0.1:9091"]),
        ("LISTEN", "127.0.0.1:5000", &["changes.webhook.listen", "server.listen"]),
        ("LISTEN", "0.0.0.0:5000", &["changes.webhook.listen", "server.listen"]),
        ("KEY_FILE", "", &["changes.webhook.listen", "needs changes.webhook.key_file"]),
        ("KEY_FILE", "missing.txt", &["changes.webhook.key_file", "missing.txt", "No such file"]),
    ] {
        with(name, value).refused(expected);
    }
    with("LISTEN", "[::1]:9090")
        .variable("APP_ADMIN__LISTEN", "127.0.0.1:9090")
        .refused(&["changes.webhook.listen", "admin.listen"]);
    with("LISTEN", "").refused(&["changes.webhook.key_file", "changes.webhook.listen"]);
    let path = with("PATH", "/ring").variable("APP_CHANGES__WEBHOOK__KEY_FILE", "");
    path.variable("APP_CHANGES__WEBHOOK__LISTEN", "")
        .refused(&["changes.webhook.path", "changes.webhook.listen"]);
}

#[test]
fn a_key_file_holds_one_signing_key_or_two() {
    let with = |text: &str| Setup::with_webhook().file("webhook.txt", text);
    assert!(with(&format!("{KEY}\n{KEY}\n")).read().is_ok());
    let three = format!("{KEY}\n{KEY}\n{KEY}");
    for (text, expected) in [
        ("", "no signing key"),
        ("\n\n", "no signing key"),
        ("top-secret", "shorter than 16"),
        ("top-secret top-secret", "has a character"),
        (&three, "more than two"),
    ] {
        with(text).refused(&["changes.webhook.key_file", "webhook.txt: ", expected]);
    }
}

#[test]
fn a_misspelled_setting_of_the_webhook_is_named() {
    for (toml, expected) in [
        ("[changes.webhook]\nlistn = \"x\"", "did you mean changes.webhook.listen?"),
        ("[changes.webhok]\nlisten = \"x\"", "did you mean changes.webhook.listen?"),
        ("[changes]\nwebhook.keyfile = \"x\"", "did you mean changes.webhook.key_file?"),
        ("[changes.interval]\nx = \"x\"", "changes.interval"),
        ("[server.listen]\nx = \"x\"", "server.listen"),
        ("[server.other]\n", "server.other"),
    ] {
        Setup::with_feed().file("config.toml", toml).refused(&[expected]);
    }
    for (variable, expected) in [
        ("APP_CHANGES__WEBHOOK__LISTN", "did you mean APP_CHANGES__WEBHOOK__LISTEN?"),
        ("APP_CHANGES__WEBHOOK_LISTEN", "did you mean APP_CHANGES__WEBHOOK__LISTEN?"),
        ("APP_CHANGES__TOKENFILE", "did you mean APP_CHANGES__TOKEN_FILE?"),
    ] {
        Setup::with_feed().variable(variable, "x").refused(&[expected]);
    }
}
