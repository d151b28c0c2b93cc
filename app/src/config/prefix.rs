//! Prefix of the variables that are settings.

use std::fmt;

/// Prefix of the variables that are settings, made from the program's name: `APP_` by default,
/// `MESSAGES_` for `messages`, `MY_API_` for `my-api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Creates the prefix for a program called `name`: letters and digits in upper case, an
    /// underscore for any other character and at the end.
    #[must_use]
    pub fn of_program(name: &str) -> Self {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        Self(name.chars().map(letter).chain(['_']).collect())
    }

    /// Returns the variable of a setting, such as `APP_SERVER__LISTEN` for `server.listen`.
    pub(crate) fn variable(&self, setting: &str) -> String {
        format!("{self}{}", setting.to_uppercase().replace('.', "__"))
    }

    pub(super) fn strip<'a>(&self, variable: &'a str) -> Option<&'a str> {
        variable.strip_prefix(&self.0)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self::of_program("app")
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_the_prefix_of_its_name() {
        for (name, variable) in [
            ("app", "APP_SERVER__LISTEN"),
            ("messages", "MESSAGES_SERVER__LISTEN"),
            ("my-api2", "MY_API2_SERVER__LISTEN"),
        ] {
            assert_eq!(Prefix::of_program(name).variable("server.listen"), variable);
        }
    }
}
