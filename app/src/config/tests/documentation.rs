//! Tests that the documentation and the example file match the settings.

use super::*;

/// `docs/configuration.md` has one row for each setting, in the same order, and no others.
#[test]
fn the_documentation_is_that_of_the_settings() {
    let documentation = include_str!("../../../../docs/configuration.md");
    let documented: Vec<_> = documentation.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> = settings::all()
        .map(|setting| {
            let name = setting.name;
            let variable = Prefix::default().variable(setting.name);
            let example =
                setting.example_name.map_or_else(String::new, |name| format!(", `{name}`"));
            let default =
                setting.default.map_or_else(|| "–".to_owned(), |text| format!("`{text}`"));
            format!(
                "| `{name}` | `{variable}`{example} | {default} | {} Expects {}. |",
                setting.meaning, setting.expects,
            )
        })
        .collect();
    let expected = expected.join("\n");
    assert!(documented.join("\n") == expected, "the rows must be these:\n{expected}");
}

/// `config.example.toml` is valid and, with every line uncommented, names every setting.
#[test]
fn the_example_file_names_every_setting_and_starts() {
    let example = include_str!("../../../../config.example.toml");
    assert!(Setup::new().file("config.toml", example).read().is_ok(), "as it is");
    let uncommented: String = example
        .lines()
        .map(|line| line.strip_prefix("#: ").unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    let table: toml::Table = toml::from_str(&uncommented).unwrap();
    for setting in settings::all() {
        let mut value = Some(&toml::Value::Table(table.clone())).cloned();
        for key in setting.name.split('.') {
            value = value.and_then(|value| value.get(key).cloned());
        }
        assert!(value.is_some(), "{} is missing", setting.name);
    }
    assert_eq!(settings(&table.into()), settings::all().count());
}

/// Counts the settings in the example file, or in a table of it. Any other value counts as one.
fn settings(value: &toml::Value) -> usize {
    value.as_table().map_or(1, |table| table.values().map(settings).sum())
}
