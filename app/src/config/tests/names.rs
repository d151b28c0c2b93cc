//! Tests which names of variables and keys are settings, which are left to others (such as `PATH`),
//! and which are refused as misspelled.

use super::*;

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
        let setting = settings::named(&format!("{section}{name}")).unwrap();
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
