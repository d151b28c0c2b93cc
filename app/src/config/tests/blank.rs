//! Tests that a blank variable is unset, while an empty text in TOML is a value.

use super::*;

const BLANKS: [&str; 5] = ["", " ", "\t", "\r", "\u{a0}\n "];

#[test]
fn a_blank_variable_of_any_setting_is_not_set() {
    let prefix = Prefix::default();
    for setting in settings::all() {
        let names = [Some(prefix.variable(setting.name)), setting.example_name.map(str::to_owned)];
        for name in names.into_iter().flatten() {
            for blank in BLANKS {
                for setup in [
                    Setup::new().variable(&name, blank),
                    Setup::new().file(".env", &format!("{name}='{blank}'\n")),
                ] {
                    let config = setup.read().unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert!(is_fake(&config) && config.origins.is_empty(), "{name}={blank:?}");
                }
            }
        }
    }
}

#[test]
fn a_blank_variable_hides_no_value_of_an_earlier_layer() {
    for blank in BLANKS {
        let config = Setup::zitadel()
            .file("config.toml", "[auth]\nrealm = \"of-toml\"")
            .file(".env", &format!("APP_AUTH__REALM='{blank}'\nCLIENT_ID=of-dotenv\n"))
            .variable("CLIENT_ID", blank)
            .variable("KEY_FILE", blank)
            .variable("APP_CONFIG", blank);
        let config = config.read().unwrap();
        assert_eq!(config.auth.realm.as_str(), "of-toml");
        assert!(is_secret(config, "of-dotenv", "top-secret"));
    }
}

#[test]
fn an_empty_text_of_toml_is_a_value_and_says_so() {
    for setting in settings::all() {
        let text = match setting.name.split_once('.') {
            Some((section, key)) => format!("[{section}]\n{key} = \"\"\n"),
            None => format!("{} = \"\"\n", setting.name),
        };
        // Complete but for the setting itself, so that every setting is read.
        let setup = Setup::new().file("config.toml", &text).file("secret.txt", "top-secret");
        let setup = match setting.name {
            "fake.tokens" => setup,
            _ => setup
                .variable(
                    "ZITADEL_DOMAIN",
                    if setting.name == "zitadel.domain" { "" } else { "https://auth.example.com" },
                )
                .variable(
                    "CLIENT_ID",
                    if setting.name.starts_with("zitadel.client_id") { "" } else { "1" },
                )
                .variable(
                    "APP_ZITADEL__CLIENT_SECRET_FILE",
                    if matches!(
                        setting.name,
                        "zitadel.key_file" | "zitadel.client_secret" | "zitadel.client_secret_file"
                    ) {
                        ""
                    } else {
                        "secret.txt"
                    },
                ),
        };
        setup.refused(&[setting.name, "empty"]);
    }
}
