//! One setting: its names, its default, and its meaning.

/// Description of one setting. The setting `server.listen` is `[server] listen` in TOML and, after
/// the prefix, `SERVER__LISTEN` in `.env` and the environment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// Name of the setting's variable in ZITADEL's Python example, such as `CLIENT_ID`; `None` if
    /// the example has none.
    pub(super) example_name: Option<&'static str>,
    pub(super) default: Option<&'static str>,
    pub(super) toml: TomlType,
    /// Valid values in words, for error messages.
    pub(super) expects: &'static str,
    /// Description for the documentation. Without a default, it says what happens if the setting is
    /// not set.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of docs/configuration.md"))]
    pub(super) meaning: &'static str,
}

/// Type that the value of a setting may have in TOML besides text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TomlType {
    /// Text only: the value must be in quotes.
    Text,
    Number,
    Boolean,
}

impl Setting {
    pub(super) const fn new(
        name: &'static str,
        expects: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, example_name: None, default: None, toml: TomlType::Text, expects, meaning }
    }

    pub(super) const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    pub(super) const fn example_name(self, example_name: &'static str) -> Self {
        Self { example_name: Some(example_name), ..self }
    }

    /// Returns this setting, but allows a number in TOML too.
    pub(super) const fn number(self) -> Self {
        Self { toml: TomlType::Number, ..self }
    }

    /// Returns this setting, but allows `true` and `false` in TOML too.
    pub(super) const fn flag(self) -> Self {
        Self { toml: TomlType::Boolean, ..self }
    }

    /// Returns the setting's variable without the prefix, such as `SERVER__LISTEN`.
    pub(super) fn variable_name(&self) -> String {
        self.name.to_uppercase().replace('.', "__")
    }
}

pub(super) const URL: &str = "an https URL, or an http URL on loopback";
pub(super) const FILE: &str = "the path of a file";
pub(super) const SIZE: &str = "a size in bytes or with a unit, such as 1MiB";
pub(super) const DURATION: &str = "a duration with a unit, such as 5s or 500ms";
