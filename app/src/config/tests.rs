//! Tests of the configuration: its layers, names and errors.

mod blank;
mod changes;
mod credentials;
mod documentation;
mod durations;
mod names;
mod resource;

use std::{fs, path::PathBuf, time::Duration};

use adapters::zitadel::{ClientCredentials, CredentialText};
use axum_zitadel::MissingRoleStatus;
use tempfile::TempDir;
use tracing::level_filters::LevelFilter;

use super::*;

/// Test configuration: working directory and environment from which it is read.
struct Setup {
    directory: TempDir,
    environment: BTreeMap<String, String>,
}

impl Setup {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), environment: BTreeMap::new() }
    }

    fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Creates a test configuration with ZITADEL's domain, a client id and a secret.
    fn zitadel() -> Self {
        Self::new()
            .variable("ZITADEL_DOMAIN", "https://auth.example.com")
            .variable("CLIENT_ID", "340000000000000010")
            .variable("CLIENT_SECRET", "top-secret")
    }

    fn with_feed() -> Self {
        Self::zitadel()
            .file("reader.txt", "reader-token\n")
            .variable("APP_CHANGES__TOKEN_FILE", "reader.txt")
    }

    fn with_webhook() -> Self {
        Self::with_feed()
            .file("webhook.txt", "abcdefghijklmnopqrstuvwxyz0123456789\n")
            .variable("APP_CHANGES__WEBHOOK__LISTEN", "127.0.0.1:9091")
            .variable("APP_CHANGES__WEBHOOK__KEY_FILE", "webhook.txt")
    }

    fn read(self) -> Result<Config, ConfigError> {
        Config::read(self.environment, self.directory.path())
    }

    /// Checks that the configuration is refused with one line that holds all of `expected` and no
    /// secret.
    #[track_caller]
    fn refused(self, expected: &[&str]) {
        let error = match self.read() {
            Err(error) => error.to_string(),
            Ok(config) => panic!("started with {config:?}"),
        };
        for expected in expected {
            assert!(error.contains(expected), "{expected:?} is not in {error:?}");
        }
        assert!(!error.contains("top-secret") && !error.contains('\n'), "{error:?}");
    }
}

#[track_caller]
fn zitadel(config: Config) -> Zitadel {
    match config.introspector {
        Introspector::Zitadel(zitadel) => *zitadel,
        Introspector::Fake(fake) => panic!("it is {fake:?}"),
    }
}

#[track_caller]
fn is_secret(config: Config, client_id: &str, secret: &str) -> bool {
    zitadel(config).settings.credentials
        == ClientCredentials::client_secret(client_id, secret).unwrap()
}

fn is_fake(config: &Config) -> bool {
    matches!(config.introspector, Introspector::Fake(_))
}

#[test]
fn with_nothing_configured_everything_is_at_its_default() {
    let config = Setup::new().read().unwrap();
    assert!(is_fake(&config));
    assert_eq!(config.server.listen, "127.0.0.1:5000".parse().unwrap());
    assert_eq!(config.server.shutdown_grace, Duration::from_secs(10));
    assert_eq!(config.server.max_body, 1024 * 1024);
    assert!(config.server.drain_delay.is_zero());
    assert_eq!(config.server.max_connections.get(), 10_000);
    assert_eq!(config.server.max_connections_per_address().get(), 1_000);
    assert_eq!(config.server.trusted_proxies, Networks::default());
    assert_eq!(config.server.header_timeout, Duration::from_secs(10));
    assert_eq!(config.server.idle_timeout, Duration::from_secs(75));
    assert_eq!(config.cors, Cors::default());
    assert!(config.cache.ttl.is_zero() && config.changes.is_none());
    assert_eq!(config.cache.max_entries.get(), 100_000);
    assert_eq!(config.auth.realm.as_str(), "api");
    assert_eq!(config.auth.missing_role_status, MissingRoleStatus::Unauthorized);
    assert_eq!(config.auth.leeway, Duration::from_secs(5));
    assert!(config.auth.organizations.is_empty() && config.auth.audiences.is_empty());
    assert_eq!(
        config.log,
        Log {
            format: LogFormat::Text,
            level: LevelFilter::INFO,
            requests: false,
            subject: false,
            client_address: false
        }
    );
    assert!(config.origins.is_empty() && config.warnings.is_empty());
}

#[test]
fn the_later_layer_wins() {
    let listen = |setup: Setup| setup.read().unwrap().server.listen.port();
    let file = || Setup::new().file("config.toml", "[server]\nlisten = \"127.0.0.1:1\"");
    assert_eq!(listen(file()), 1);
    let dotenv = || file().file(".env", "APP_SERVER__LISTEN=127.0.0.1:2");
    assert_eq!(listen(dotenv()), 2);
    assert_eq!(listen(dotenv().variable("APP_SERVER__LISTEN", "127.0.0.1:3")), 3);
}

#[test]
fn app_config_names_another_file_which_must_be_there() {
    let other = || Setup::new().file("other.toml", "[auth]\nrealm = \"other\"");
    let config = other().variable("APP_CONFIG", "other.toml").read().unwrap();
    assert_eq!(config.auth.realm.as_str(), "other");
    let config = other().file(".env", "APP_CONFIG=other.toml").read().unwrap();
    assert_eq!(config.auth.realm.as_str(), "other");
    Setup::new().variable("APP_CONFIG", "missing.toml").refused(&["missing.toml: "]);
}

#[test]
fn the_env_file_of_the_python_example_runs_unchanged() {
    let config = Setup::new()
        .file(
            ".env",
            "ZITADEL_DOMAIN = \"https://auth.example.com/\"\nCLIENT_ID = \"1@project\"\n\
             CLIENT_SECRET = \"a$b\"\n",
        )
        .read()
        .unwrap();
    assert_eq!(
        config.origins,
        [
            ("zitadel.domain", "ZITADEL_DOMAIN in .env".to_owned()),
            ("zitadel.client_id", "CLIENT_ID in .env".to_owned()),
            ("zitadel.client_secret", "CLIENT_SECRET in .env".to_owned()),
        ],
    );
    assert!(is_secret(config, "1@project", "a$b"));
}

#[test]
fn values_of_the_environment_arrive_letter_by_letter() {
    for value in ["340000000000000010", "true", " [a]", "1e3", "\"x\"", "a,b", "null"] {
        let config = Setup::zitadel()
            .variable("CLIENT_ID", value)
            .variable("CLIENT_SECRET", value)
            .read()
            .unwrap();
        assert!(is_secret(config, value, value), "{value}");
    }
}

#[test]
fn toml_takes_its_own_types_where_a_setting_has_one() {
    let text = r"
        [server]
        max_connections = 77
        max_body = 2048
        [auth]
        missing_role_status = 403
        [cache]
        max_entries = 50
        [log]
        requests = true
        subject = true
    ";
    let config = Setup::new().file("config.toml", text).read().unwrap();
    assert_eq!(config.server.max_connections.get(), 77);
    assert_eq!(config.server.max_body, 2048);
    assert_eq!(config.auth.missing_role_status, MissingRoleStatus::Forbidden);
    assert_eq!(config.cache.max_entries.get(), 50);
    assert!(config.log.requests && config.log.subject);
    for (text, expected) in [
        ("[server]\nmax_connections = -1", "at least 1"),
        ("[server]\nmax_connections = 1.5", "it is not whole"),
        ("[server]\nmax_connections = true", "it must stand in quotes"),
        ("[log]\nrequests = 1", "it must stand in quotes"),
        ("[zitadel]\nproject_id = 340000000000000001", "it must stand in quotes"),
        ("[auth]\nleeway = 5", "it must stand in quotes"),
    ] {
        Setup::new().file("config.toml", text).refused(&[expected]);
    }
}

#[test]
fn an_address_has_a_tenth_of_the_connections_unless_another_number_is_set() {
    for (max, per_address, expected) in
        [("10", "", 1), ("9", "", 1), ("1", "", 1), ("25000", "", 2_500), ("10", "10", 10)]
    {
        let setup = Setup::new().variable("APP_SERVER__MAX_CONNECTIONS", max);
        let setup = setup.variable("APP_SERVER__MAX_CONNECTIONS_PER_ADDRESS", per_address);
        let server = setup.read().unwrap().server;
        assert_eq!(server.max_connections_per_address().get(), expected, "{max} {per_address}");
    }
}

#[test]
fn a_malformed_value_is_refused_with_what_would_be_right() {
    for (name, value, expected) in [
        ("APP_INTROSPECTOR", "real", "introspector (APP_INTROSPECTOR in the environment)"),
        ("APP_SERVER__LISTEN", "localhost:5000", "such as 127.0.0.1:5000"),
        ("APP_SERVER__SHUTDOWN_GRACE", "10", "such as 5s"),
        ("APP_SERVER__MAX_BODY", "much", "such as 1MiB"),
        ("APP_SERVER__MAX_CONNECTIONS", "0", "at least 1"),
        ("APP_SERVER__MAX_CONNECTIONS_PER_ADDRESS", "0", "at least 1"),
        ("APP_SERVER__TRUSTED_PROXIES", "10.0.0.0/33", "such as 10.0.0.0/8"),
        ("APP_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,", "server.trusted_proxies"),
        ("APP_SERVER__TRUSTED_PROXIES", "proxy.example.com", "neither a network nor an address"),
        ("APP_SERVER__HEADER_TIMEOUT", "0s", "server.header_timeout"),
        ("APP_SERVER__IDLE_TIMEOUT", "0s", "server.idle_timeout"),
        ("APP_CORS__ALLOWED_ORIGINS", "*", "without path or wildcard"),
        ("APP_CORS__ALLOWED_ORIGINS", "https://a.test,", "cors.allowed_origins"),
        ("APP_AUTH__REALM", "a\"b", "without quote"),
        ("APP_AUTH__MISSING_ROLE_STATUS", "404", "401 or 403"),
        ("APP_AUTH__LEEWAY", "-5s", "auth.leeway"),
        ("APP_AUTH__AUDIENCE", "a,,b", "auth.audience"),
        ("APP_CACHE__TTL", "30", "such as 5s"),
        ("APP_CACHE__MAX_ENTRIES", "0", "at least 1"),
        ("APP_LOG__FORMAT", "xml", "text or json"),
        ("APP_LOG__LEVEL", "loud", "error, warn, info, debug or trace"),
    ] {
        Setup::new().variable(name, value).refused(&[expected]);
    }
    for (name, value, expected) in [
        (
            "ZITADEL_DOMAIN",
            "auth.example.com",
            "zitadel.domain (ZITADEL_DOMAIN in the environment)",
        ),
        ("ZITADEL_DOMAIN", "http://auth.example.com", "use https"),
        ("ZITADEL_DOMAIN", "https://me:top-secret@auth.example.com", "password"),
        ("APP_ZITADEL__CONNECT_TO", "https://10.0.0.7/path", "without a path"),
        ("APP_ZITADEL__INTROSPECTION_ENDPOINT", "http://10.0.0.7", "on loopback"),
        ("APP_ZITADEL__TIMEOUT", "0s", "zitadel.timeout"),
        ("APP_ZITADEL__MAX_IN_FLIGHT", "0", "at least 1"),
        ("APP_ZITADEL__CA_FILE", "missing.pem", "zitadel.ca_file"),
    ] {
        Setup::zitadel().variable(name, value).refused(&[expected]);
    }
}

#[test]
fn a_toml_value_of_another_type_is_refused_and_not_repeated() {
    for (text, expected) in [
        ("[server]\nlisten = 5000", "server.listen in config.toml): it must stand in quotes"),
        ("[auth]\norganizations = [1]", "its items must stand in quotes"),
        ("[auth]\norganizations = 1", "it must be a list"),
        ("[auth]\norganizations = []", "it has an empty item, or none"),
        ("[zitadel]\nclient_secret = \"top-secret", "config.toml: line 2 is not TOML"),
        ("introspector = \"fake\"\nintrospector = \"fake\"", "config.toml: line 2 is not TOML"),
    ] {
        Setup::new().file("config.toml", text).refused(&[expected]);
    }
}

#[test]
fn a_line_of_the_env_file_that_names_a_setting_must_be_readable() {
    Setup::new().file(".env", "A=1\nCLIENT_SECRET=\"top-secret\n").refused(&[".env: line 2"]);
    Setup::new().file(".env", "APP_LOG__LEVEL debug").refused(&[".env: line 1"]);
    assert!(Setup::new().file(".env", "what is this").read().is_ok());
    let directory = Setup::new();
    fs::create_dir(directory.directory.path().join(".env")).unwrap();
    directory.refused(&[".env: "]);
}

#[test]
fn the_introspector_follows_from_the_domain_or_is_asked_for_by_name() {
    assert!(!is_fake(&Setup::zitadel().read().unwrap()));
    assert!(is_fake(&Setup::zitadel().variable("APP_INTROSPECTOR", "fake").read().unwrap()));
    Setup::new()
        .variable("APP_INTROSPECTOR", "zitadel")
        .refused(&["zitadel.domain: it is missing"]);
    for name in ["CLIENT_ID", "CLIENT_SECRET", "KEY_FILE"] {
        Setup::new().variable(name, "1").refused(&[&format!("{name} in the environment")]);
    }
}

#[test]
fn what_is_malformed_is_refused_even_where_the_fake_answers() {
    Setup::zitadel()
        .variable("APP_INTROSPECTOR", "fake")
        .variable("ZITADEL_DOMAIN", "garbage")
        .refused(&["zitadel.domain"]);
}

#[test]
fn the_fake_answers_on_loopback_only() {
    Setup::new()
        .variable("APP_SERVER__LISTEN", "0.0.0.0:5000")
        .refused(&["server.listen", "loopback"]);
    assert!(Setup::new().variable("APP_SERVER__LISTEN", "[::1]:5000").read().is_ok());
    assert!(Setup::zitadel().variable("APP_SERVER__LISTEN", "0.0.0.0:5000").read().is_ok());
}

#[test]
fn operators_have_a_port_of_their_own() {
    for same in ["127.0.0.1:5000", "0.0.0.0:5000", "[::1]:5000"] {
        Setup::new()
            .variable("APP_ADMIN__LISTEN", same)
            .refused(&["admin.listen", "server.listen"]);
    }
    let read = |address: &str| Setup::new().variable("APP_ADMIN__LISTEN", address).read().unwrap();
    assert_eq!(read("127.0.0.1:9090").admin.listen, Some("127.0.0.1:9090".parse().unwrap()));
    let any = Setup::new().variable("APP_ADMIN__LISTEN", "127.0.0.1:0");
    assert!(any.variable("APP_SERVER__LISTEN", "127.0.0.1:0").read().is_ok());
}

#[test]
fn clear_traffic_to_another_machine_is_warned_of() {
    let config = Setup::zitadel()
        .variable("APP_ZITADEL__CONNECT_TO", "http://zitadel.svc:8080")
        .read()
        .unwrap();
    assert!(config.warnings[0].contains("in clear to http://zitadel.svc:8080"));
}

#[test]
fn local_tokens_come_from_a_file_that_must_be_right() {
    let setup = |text: &str| {
        Setup::new().file("tokens.toml", text).variable("APP_FAKE__TOKENS", "tokens.toml")
    };
    let Introspector::Fake(fake) = setup("[[token]]\ntoken = \"a\"").read().unwrap().introspector
    else {
        panic!("not the fake")
    };
    assert_eq!(fake.tokens.shown().next(), Some(("a", "")));
    assert!(fake.file.is_some());
    setup("[[token]]\ntoken = ").refused(&["fake.tokens", "line 2"]);
    Setup::new().variable("APP_FAKE__TOKENS", "missing.toml").refused(&["fake.tokens"]);
}
