//! The layers, the names and the errors of the contract.

use std::{fs, path::PathBuf, time::Duration};

use adapters::zitadel::{ClientCredentials, CredentialText};
use axum_zitadel::MissingRoleStatus;
use tempfile::TempDir;
use tracing::level_filters::LevelFilter;

use super::{setting::SETTINGS, *};

/// A working directory and an environment.
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

    /// A complete set-up for ZITADEL.
    fn zitadel() -> Self {
        Self::new()
            .variable("ZITADEL_DOMAIN", "https://auth.example.com")
            .variable("CLIENT_ID", "340000000000000010")
            .variable("CLIENT_SECRET", "top-secret")
    }

    fn read(self) -> Result<Config, ConfigError> {
        Config::read(self.environment, self.directory.path())
    }

    /// The one line that refuses the start. It holds all of `expected` and no secret.
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

/// Whether the credentials are this id with this secret.
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
    assert_eq!(config.server.header_timeout, Duration::from_secs(10));
    assert_eq!(config.server.idle_timeout, Duration::from_secs(75));
    assert_eq!(config.cors, Cors::default());
    assert!(config.cache.ttl.is_zero());
    assert_eq!(config.cache.max_entries.get(), 100_000);
    assert_eq!(config.auth.realm.as_str(), "api");
    assert_eq!(config.auth.missing_role_status, MissingRoleStatus::Unauthorized);
    assert_eq!(config.auth.leeway, Duration::from_secs(5));
    assert!(config.auth.organizations.is_empty() && config.auth.audiences.is_empty());
    assert_eq!(
        config.log,
        Log { format: LogFormat::Text, level: LevelFilter::INFO, requests: false, subject: false }
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
fn every_setting_has_one_name_in_each_layer() {
    let text = r#"
        introspector = "zitadel"
        [server]
        listen = "0.0.0.0:8080"
        shutdown_grace = "1m 30s"
        max_body = "2KiB"
        drain_delay = "1s"
        max_connections = "77"
        header_timeout = "2s"
        idle_timeout = "3s"
        [cors]
        allowed_origins = ["https://a.example.com", "https://b.example.com"]
        [zitadel]
        domain = "https://auth.example.com/"
        client_id = "id"
        client_secret = "top-secret"
        project_id = "340000000000000001"
        introspection_endpoint = "https://auth.example.com/introspect"
        connect_to = "https://10.0.0.7"
        timeout = "500ms"
        max_in_flight = "8"
        [auth]
        realm = "messages"
        missing_role_status = "403"
        leeway = "0s"
        organizations = ["1", "2"]
        audience = ["3"]
        [cache]
        ttl = "30s"
        max_entries = "50"
        [fake]
        tokens = "tokens.toml"
        [log]
        format = "json"
        level = "debug"
    "#;
    let from_file = format!("{:?}", Setup::new().file("config.toml", text).read().unwrap());
    let mut setup = Setup::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
            continue;
        }
        let (name, value) = line.split_once(" = ").unwrap();
        let setting = setting::named(&format!("{section}{name}")).unwrap();
        let value = value.replace(['[', ']', '"'], "");
        setup = setup.variable(&Prefix::default().variable(setting.name), &value);
    }
    let from_environment = format!("{:?}", setup.read().unwrap());
    let without_origins = |text: &str| text.split(", origins: ").next().unwrap().to_owned();
    assert_eq!(without_origins(&from_file), without_origins(&from_environment));
    for expected in ["0.0.0.0:8080", "90s", "2048", "a.example.com", "b.example.com", "messages"] {
        assert!(from_file.contains(expected), "{expected} is not in {from_file}");
    }
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
fn within_one_layer_our_own_name_beats_the_seeds() {
    let setup = || Setup::zitadel().variable("APP_ZITADEL__CLIENT_ID", "ours");
    assert!(is_secret(setup().read().unwrap(), "ours", "top-secret"));
    let config = Setup::new()
        .file(
            ".env",
            "ZITADEL_DOMAIN=https://auth.example.com\nAPP_ZITADEL__CLIENT_ID=ours\nCLIENT_SECRET=s",
        )
        .variable("CLIENT_ID", "theirs")
        .read()
        .unwrap();
    assert!(is_secret(config, "theirs", "s"), "a later layer wins all the same");
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
fn an_unknown_setting_is_refused_wherever_it_stands() {
    Setup::new().variable("APP_SERVER_LISTEN", "x").refused(&["did you mean APP_SERVER__LISTEN?"]);
    Setup::new()
        .variable("APP_SERVER__LISTN", "x")
        .refused(&["APP_SERVER__LISTN in the environment"]);
    Setup::new()
        .file(".env", "APP_SERVR__LISTEN=x")
        .refused(&["APP_SERVR__LISTEN in .env is no setting", "did you mean APP_SERVER__LISTEN?"]);
    for (text, expected) in [
        ("[server]\nlistn = 1", "server.listn in config.toml is no setting"),
        ("[server]\nlistn = 1", "did you mean server.listen?"),
        ("[sever]\nlisten = 1", "sever in config.toml is no setting"),
        ("server = \"x\"", "server in config.toml is no setting"),
        ("[server.listen]\nx = 1", "server.listen"),
    ] {
        Setup::new().file("config.toml", text).refused(&[expected]);
    }
}

// The page of settings says whose a name is: see ownership.rs for more of them.
#[test]
fn names_of_the_owner_and_of_the_system_are_left_alone() {
    let config = Setup::new()
        .file("config.toml", "title = \"mine\"\n[database]\nurl = \"a\"\n[core]\ndebug = true")
        .file(".env", "APP_DATABASE_URL=a\nAPP_DATABASE__POOL=2")
        .variable("APP_ENV", "production")
        .variable("APP_DB_PORT", "tcp://10.0.0.1:5432")
        .variable("APP_SERVER_PORT", "tcp://10.0.0.1:80")
        .read()
        .unwrap();
    assert!(config.origins.is_empty());
}

#[test]
fn credentials_without_a_domain_are_refused_and_a_misspelled_domain_is_named() {
    let misspelled = || {
        Setup::new()
            .variable("ZITADEL_DOMAN", "https://auth.example.com")
            .variable("CLIENT_ID", "1")
            .variable("CLIENT_SECRET", "top-secret")
    };
    misspelled().refused(&[
        "zitadel.domain: it is missing",
        "(CLIENT_ID in the environment)",
        "did you mean ZITADEL_DOMAIN by ZITADEL_DOMAN in the environment?",
    ]);
    assert!(is_fake(&misspelled().variable("APP_INTROSPECTOR", "fake").read().unwrap()));
    Setup::new().variable("KEY_FILE", "key.json").refused(&["zitadel.domain: it is missing"]);
    // Without credentials it may be anything.
    assert!(is_fake(&Setup::new().variable("ZITADEL_DOMAN", "x").read().unwrap()));
}

#[test]
fn a_blank_variable_is_not_set() {
    let config = Setup::zitadel()
        .file(".env", "APP_AUTH__REALM=of-the-file\nAPP_CONFIG=\n")
        .variable("KEY_FILE", "")
        .variable("APP_SERVER__LISTEN", " ")
        .variable("APP_AUTH__REALM", "")
        .variable("APP_SERVER__LISTN", "")
        .read()
        .unwrap();
    assert_eq!(config.auth.realm.as_str(), "of-the-file");
    assert_eq!(config.server.listen.port(), 5000);
}

#[test]
fn another_program_has_variables_of_its_own() {
    let read = |name: &str, value: &str| {
        let environment = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let directory = tempfile::tempdir().unwrap();
        Config::read_for(&Prefix::of_program("messages"), environment, directory.path())
    };
    let listen = |name| read(name, "127.0.0.1:1").unwrap().server.listen.port();
    assert_eq!(listen("MESSAGES_SERVER__LISTEN"), 1);
    assert_eq!(listen("APP_SERVER__LISTEN"), 5000);
    let error = read("MESSAGES_SERVER__LISTN", "x").unwrap_err().to_string();
    assert!(error.contains("did you mean MESSAGES_SERVER__LISTEN?"), "{error}");
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
fn what_kubernetes_injects_does_no_harm() {
    let mut setup = Setup::new();
    for name in [
        "APP_PORT",
        "APP_PORT_5000_TCP",
        "APP_PORT_5000_TCP_ADDR",
        "APP_SERVICE_HOST",
        "APP_SERVICE_PORT",
        "APP_SERVICE_PORT_HTTP",
    ] {
        setup = setup.variable(name, "tcp://10.0.0.1:5000");
    }
    assert!(setup.read().is_ok());
}

#[test]
fn a_malformed_value_is_refused_with_what_would_be_right() {
    for (name, value, expected) in [
        ("APP_INTROSPECTOR", "real", "introspector (APP_INTROSPECTOR in the environment)"),
        ("APP_SERVER__LISTEN", "localhost:5000", "such as 127.0.0.1:5000"),
        ("APP_SERVER__SHUTDOWN_GRACE", "10", "such as 5s"),
        ("APP_SERVER__MAX_BODY", "much", "such as 1MiB"),
        ("APP_SERVER__MAX_CONNECTIONS", "0", "at least 1"),
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
fn a_domain_without_credentials_is_incomplete() {
    Setup::new().variable("ZITADEL_DOMAIN", "https://auth.example.com").refused(&[
        "zitadel.domain",
        "CLIENT_SECRET",
        "KEY_FILE",
    ]);
    let mut without_id = Setup::zitadel();
    without_id.environment.remove("CLIENT_ID");
    without_id.refused(&["zitadel.client_id: it is missing"]);
    let mut without_secret = Setup::zitadel();
    without_secret.environment.remove("CLIENT_SECRET");
    without_secret.refused(&["there are no credentials"]);
}

fn key_file(kind: &str) -> String {
    let key = fs::read_to_string(
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../adapters/src/zitadel/test_key.json"),
    )
    .unwrap();
    key.replace("\"application\"", &format!("\"{kind}\""))
}

#[test]
fn two_ways_to_authenticate_are_one_too_many() {
    let key = || Setup::zitadel().file("key.json", &key_file("application"));
    key()
        .variable("KEY_FILE", "key.json")
        .refused(&["zitadel.key_file", "zitadel.client_secret (CLIENT_SECRET in the environment)"]);
    Setup::zitadel()
        .file("secret", "top-secret")
        .variable("APP_ZITADEL__CLIENT_SECRET_FILE", "secret")
        .refused(&["zitadel.client_secret_file", "only one of them"]);
}

#[test]
fn a_key_file_takes_the_place_of_id_and_secret() {
    let setup = |kind: &str| {
        Setup::new()
            .file("key.json", &key_file(kind))
            .variable("ZITADEL_DOMAIN", "https://auth.example.com")
            .variable("KEY_FILE", "key.json")
    };
    let config = setup("application").read().unwrap();
    let key = CredentialText::value("zitadel.key_file", &key_file("application"));
    let expected = ClientCredentials::from_key(key, None).unwrap();
    assert!(zitadel(config).settings.credentials == expected);
    assert!(setup("application").variable("CLIENT_ID", "340000000000000010").read().is_ok());
    setup("application").variable("CLIENT_ID", "other").refused(&["zitadel.client_id"]);
    setup("serviceaccount").refused(&["zitadel.key_file", "service account"]);
    setup("application").variable("KEY_FILE", "missing.json").refused(&["zitadel.key_file"]);
}

#[test]
fn a_secret_may_come_from_a_file() {
    let setup = |text: &str| {
        Setup::new()
            .file("secret", text)
            .variable("ZITADEL_DOMAIN", "https://auth.example.com")
            .variable("CLIENT_ID", "id")
            .variable("APP_ZITADEL__CLIENT_SECRET_FILE", "secret")
    };
    assert!(is_secret(setup(" a b\r\n").read().unwrap(), "id", " a b"));
    setup("\n").refused(&["zitadel.client_secret_file", "the file is empty"]);
}

#[test]
fn the_client_id_may_come_from_a_file_together_with_the_secret() {
    let setup = |id: &str| {
        Setup::new()
            .file("id", id)
            .file("secret", "top-secret\n")
            .variable("ZITADEL_DOMAIN", "https://auth.example.com")
            .variable("APP_ZITADEL__CLIENT_ID_FILE", "id")
            .variable("APP_ZITADEL__CLIENT_SECRET_FILE", "secret")
    };
    let config = setup("340000000000000010\n").read().unwrap();
    assert!(is_secret(config, "340000000000000010", "top-secret"));
    setup("\n").refused(&["zitadel.client_id_file", "the file is empty", "expected the path"]);
    setup("id").variable("APP_ZITADEL__CLIENT_ID_FILE", "missing").refused(&["missing: "]);
    setup("id").variable("CLIENT_ID", "other").refused(&[
        "zitadel.client_id_file (APP_ZITADEL__CLIENT_ID_FILE in the environment)",
        "zitadel.client_id (CLIENT_ID in the environment) is set too",
    ]);
    let mut by_value = setup("id").variable("CLIENT_SECRET", "top-secret");
    by_value.environment.remove("APP_ZITADEL__CLIENT_SECRET_FILE");
    by_value.refused(&["zitadel.client_id_file", "it goes with zitadel.client_secret_file"]);
    let mut by_key = setup("id").file("key.json", &key_file("application"));
    by_key.environment.remove("APP_ZITADEL__CLIENT_SECRET_FILE");
    by_key
        .variable("KEY_FILE", "key.json")
        .refused(&["zitadel.client_id_file", "a key file needs neither"]);
    let mut alone = setup("id");
    alone.environment.remove("APP_ZITADEL__CLIENT_SECRET_FILE");
    alone.refused(&["zitadel.client_id_file", "it goes with zitadel.client_secret_file"]);
    let mut without_domain = setup("id");
    without_domain.environment.remove("ZITADEL_DOMAIN");
    without_domain.refused(&["zitadel.domain: it is missing", "APP_ZITADEL__CLIENT_ID_FILE"]);
}

#[test]
fn clear_traffic_to_another_machine_is_warned_of() {
    let config = Setup::zitadel()
        .variable("APP_ZITADEL__CONNECT_TO", "http://zitadel.svc:8080")
        .read()
        .unwrap();
    assert!(config.warnings[0].contains("in clear to http://zitadel.svc:8080"));
}

// incidents.md row 19.
#[test]
fn debug_shows_no_secret() {
    let config = Setup::zitadel().read().unwrap();
    assert!(!format!("{config:?}").contains("top-secret"));
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

/// The documentation has a row for each setting, in this order, and no other.
#[test]
fn the_documentation_is_that_of_the_settings() {
    let documentation = include_str!("../../../docs/configuration.md");
    let documented: Vec<_> = documentation.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> = SETTINGS
        .iter()
        .map(|setting| {
            let name = setting.name;
            let variable = Prefix::default().variable(setting.name);
            let seed = setting.seed_name.map_or_else(String::new, |seed| format!(", `{seed}`"));
            let default =
                setting.default.map_or_else(|| "–".to_owned(), |text| format!("`{text}`"));
            format!(
                "| `{name}` | `{variable}`{seed} | {default} | {} Expects {}. |",
                setting.meaning, setting.expects,
            )
        })
        .collect();
    let expected = expected.join("\n");
    assert!(documented.join("\n") == expected, "the rows must be these:\n{expected}");
}

/// The example file, with every line of it uncommented, names every setting.
#[test]
fn the_example_file_names_every_setting_and_starts() {
    let example = include_str!("../../../config.example.toml");
    assert!(Setup::new().file("config.toml", example).read().is_ok(), "as it is");
    let uncommented: String = example
        .lines()
        .map(|line| line.strip_prefix("#: ").unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    let table: toml::Table = toml::from_str(&uncommented).unwrap();
    for setting in SETTINGS {
        let mut value = Some(&toml::Value::Table(table.clone())).cloned();
        for key in setting.name.split('.') {
            value = value.and_then(|value| value.get(key).cloned());
        }
        assert!(value.is_some(), "{} is missing", setting.name);
    }
    assert_eq!(
        table.values().map(|value| value.as_table().map_or(1, toml::Table::len)).sum::<usize>(),
        SETTINGS.len()
    );
}
