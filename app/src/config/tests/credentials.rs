//! Tests of credentials: their valid combinations, and where they may be set.

use super::*;

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
    // Without credentials the misspelled variable is no error.
    assert!(is_fake(&Setup::new().variable("ZITADEL_DOMAN", "x").read().unwrap()));
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
    setup("id").variable("APP_ZITADEL__CLIENT_ID_FILE", "missing.txt").refused(&["missing.txt: "]);
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

// incidents.md row 19: secrets in `Debug` output.
#[test]
fn debug_shows_no_secret() {
    let config = Setup::zitadel().read().unwrap();
    assert!(!format!("{config:?}").contains("top-secret"));
}

/// Changes `setup`, in which `setting` holds a secret instead of a path, so that this is its only
/// error. Unsets the settings that must not be combined with `setting`, and sets those that
/// `setting` requires.
fn alone(setting: &str, setup: Setup) -> Setup {
    match setting {
        "zitadel.client_secret_file" | "zitadel.key_file" => setup.variable("CLIENT_SECRET", ""),
        "zitadel.client_id_file" => setup
            .file("secret.txt", "a")
            .variable("APP_ZITADEL__CLIENT_SECRET_FILE", "secret.txt")
            .variable("CLIENT_ID", "")
            .variable("CLIENT_SECRET", ""),
        "fake.tokens" => setup.variable("APP_INTROSPECTOR", "fake"),
        "changes.webhook.key_file" => setup
            .file("reader.txt", "reader-token")
            .variable("APP_CHANGES__TOKEN_FILE", "reader.txt")
            .variable("APP_CHANGES__WEBHOOK__LISTEN", "127.0.0.1:9091"),
        _ => setup,
    }
}

#[test]
fn no_error_repeats_a_secret_in_the_place_of_a_path() {
    const SECRETS: [&str; 5] = [
        "top-secret",
        "/top-secret",
        "eyJhbGciOi.top-secret.c2lnbmF0",
        r#"{"type":"application","keyId":"1","key":"top-secret","clientId":"1"}"#,
        "-----BEGIN RSA PRIVATE KEY----- top-secret/ -----END RSA PRIVATE KEY-----",
    ];
    let files: Vec<_> =
        settings::all().filter(|setting| setting.expects == "the path of a file").collect();
    assert!(files.len() >= 5, "{files:?}");
    for setting in files {
        let (section, key) = setting.name.split_once('.').unwrap();
        for secret in SECRETS {
            let variable = Prefix::default().variable(setting.name);
            for setup in [
                Setup::zitadel().variable(&variable, secret),
                Setup::zitadel().file(".env", &format!("{variable}='{secret}'\n")),
                Setup::zitadel().file("config.toml", &format!("[{section}]\n{key} = '{secret}'\n")),
            ] {
                alone(setting.name, setup)
                    .refused(&[setting.name, "does not look like the path of a file"]);
            }
        }
    }
    for secret in SECRETS {
        Setup::new().variable("APP_CONFIG", secret).refused(&["does not look like the path"]);
    }
}

#[test]
fn a_path_is_named_where_its_file_is_missing() {
    for path in ["key.json", "/no/such/key.json", "/tmp/no-such-file", "secrets/key.json"] {
        let setup = Setup::zitadel().variable("CLIENT_SECRET", "").variable("KEY_FILE", path);
        setup.refused(&["zitadel.key_file", path, "No such file"]);
    }
}

#[test]
fn an_id_or_a_secret_that_is_hardly_meant_is_warned_of_and_used() {
    let read = |id: &str, secret: &str| {
        Setup::new()
            .variable("ZITADEL_DOMAIN", "https://auth.example.com")
            .variable("CLIENT_ID", id)
            .variable("CLIENT_SECRET", secret)
    };
    for wrapped in [
        "\"text\"",
        "'text'",
        "\u{feff}text",
        "te\rxt",
        "te\nxt",
        "te\0xt",
        " text",
        "text\t",
        "CLIENT_SECRET=text",
        "export CLIENT_ID=text",
        "te\u{1b}xt",
    ] {
        let warnings = read(wrapped, wrapped).read().unwrap().warnings;
        let [id, secret] = &warnings[..] else { panic!("{wrapped:?}: {warnings:?}") };
        assert!(id.starts_with("zitadel.client_id: it ") && !id.contains("text"), "{id}");
        assert!(secret.starts_with("zitadel.client_secret: it ") && !secret.contains("text"));
    }
    for fine in ["text", "te xt", "te\"xt", "a=b", "CLIENT_SECRETS", "t'", "\"", "[text]"] {
        assert_eq!(read(fine, fine).read().unwrap().warnings, <[String; 0]>::default(), "{fine}");
    }
}

#[test]
fn a_project_id_that_none_can_have_is_shown_in_quotes() {
    for odd in [
        "'340000000000000001'",
        "\"340000000000000001\"",
        "3400 0001",
        "340\u{feff}",
        "name",
        "34\t",
    ] {
        let setup = Setup::zitadel().variable("APP_ZITADEL__PROJECT_ID", odd);
        let warnings = setup.read().unwrap().warnings;
        let [warning] = &warnings[..] else { panic!("{odd:?}: {warnings:?}") };
        assert!(warning.starts_with(&format!("zitadel.project_id: {odd:?} is")), "{warning}");
    }
    let setup = Setup::zitadel().variable("APP_ZITADEL__PROJECT_ID", "340000000000000001");
    assert_eq!(setup.read().unwrap().warnings, <[String; 0]>::default());
}

#[test]
fn a_file_without_a_token_of_ours_is_refused_by_the_name_of_its_setting() {
    const SETTING: &str = "zitadel.canary_token_file";
    let named = || Setup::zitadel().variable("APP_ZITADEL__CANARY_TOKEN_FILE", "canary");
    named().refused(&[SETTING, "canary", "No such file"]);
    for (content, problem) in [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("two tokens", "one access token is meant"),
        ("\"quoted\"", "one access token is meant"),
        ("{\"token\": \"json\"}", "one access token is meant"),
    ] {
        named().file("canary", content).refused(&[SETTING, "canary", problem]);
    }
}
