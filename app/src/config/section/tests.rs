//! Tests that a section such as `[database]` has the same layers and wording of errors as settings.

use std::{fs, path::PathBuf};

use serde::Deserialize;

use crate::config::{Config, Prefix};

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Database {
    url: String,
    password: String,
    port: u16,
    ratio: f64,
    verbose: bool,
    mode: Mode,
    hosts: Vec<String>,
    ports: Vec<u16>,
    certificate: Option<PathBuf>,
    pool: Pool,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
struct Pool {
    size: u32,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Soft,
    Hard,
}

fn config(toml: &str, dotenv: &str, environment: &[(&str, &str)]) -> Config {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("config.toml"), toml).unwrap();
    fs::write(directory.path().join(".env"), dotenv).unwrap();
    let environment =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read_for(&Prefix::of_program("my-api"), environment.collect(), directory.path())
        .unwrap()
}

#[test]
fn a_section_is_read_from_all_layers_the_later_one_winning() {
    let toml = r#"
        title = "mine"
        [database]
        url = "from the file"
        port = 5432
        ratio = 0.5
        verbose = true
        hosts = ["a", "b"]
        [database.pool]
        size = 3
    "#;
    let config = config(
        toml,
        "MY_API_DATABASE__PORT=1\nMY_API_DATABASE__PASSWORD=0123\nMY_API_DATABASE__MODE=hard\n",
        &[
            ("MY_API_DATABASE__PORT", "2"),
            ("MY_API_DATABASE__POOL__SIZE", "7"),
            ("MY_API_DATABASE__PORTS", "1, 2"),
            ("MY_API_DATABASE__CERTIFICATE", "a.pem"),
            ("MY_API_DATABASE__VERBOSE", ""),
            ("MY_API_DATABASE_URL", "of somebody else"),
        ],
    );
    let expected = Database {
        url: "from the file".to_owned(),
        password: "0123".to_owned(),
        port: 2,
        ratio: 0.5,
        verbose: true,
        mode: Mode::Hard,
        hosts: vec!["a".to_owned(), "b".to_owned()],
        ports: vec![1, 2],
        certificate: Some("a.pem".into()),
        pool: Pool { size: 7 },
    };
    assert_eq!(config.section::<Database>("database").unwrap(), expected);
}

#[test]
fn a_section_that_is_nowhere_has_its_defaults_or_names_the_missing_field() {
    #[derive(Debug, Deserialize)]
    struct Strict {
        #[expect(dead_code, reason = "it is missing")]
        url: String,
    }
    let config = config("", "", &[]);
    assert_eq!(config.section::<Database>("database").unwrap(), Database::default());
    let error = config.section::<Strict>("database").unwrap_err();
    assert_eq!(error.to_string(), "database: missing field `url`");
}

#[test]
fn an_error_names_the_value_and_its_layer_and_repeats_nothing() {
    for (toml, environment, expected) in [
        (
            "",
            &[("MY_API_DATABASE__PORT", "top-secret")][..],
            "database.port (MY_API_DATABASE__PORT in the environment): expected a whole number",
        ),
        (
            "[database.pool]\nsize = \"top-secret\"",
            &[],
            "database.pool.size (database.pool.size in config.toml): expected a whole number",
        ),
        (
            "[database]\nurl = 5",
            &[],
            "database.url (database.url in config.toml): it has another type; expected a string",
        ),
        (
            "[database]\nport = 70000",
            &[],
            "database.port (database.port in config.toml): it cannot have this value; expected u16",
        ),
        (
            "[database]\nmode = \"top-secret\"",
            &[],
            "database.mode (database.mode in config.toml): expected one of soft, hard",
        ),
        (
            "[database]\nverbose = \"top-secret\"",
            &[],
            "database.verbose (database.verbose in config.toml): expected true or false",
        ),
        ("[database]\nprt = 1", &[], "database: unknown field `prt`"),
    ] {
        let error = config(toml, "", environment).section::<Database>("database").unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with(expected), "{error}\n{expected}");
        assert!(!error.contains("top-secret"), "{error}");
    }
}

#[test]
fn a_field_is_found_by_a_variable_however_it_is_written_in_the_file() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Odd {
        #[serde(rename = "maxSize")]
        max_size: u32,
        #[serde(rename = "kebab-case")]
        kebab: u32,
    }
    let config = config(
        "[odd]\nmaxSize = 1\nkebab-case = 1\n[a.b]\nsize = 7",
        "",
        &[("MY_API_ODD__MAXSIZE", "2"), ("MY_API_ODD__KEBAB_CASE", "3")],
    );
    assert_eq!(config.section::<Odd>("odd").unwrap(), Odd { max_size: 2, kebab: 3 });
    assert_eq!(config.section::<Pool>("a.b").unwrap(), Pool { size: 7 });
    let error = config.section::<Pool>("log").unwrap_err().to_string();
    assert_eq!(error, "log: it is a section of the settings, and read already");
}
