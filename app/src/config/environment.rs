//! The environment of this process.

use std::{collections::BTreeMap, env};

use super::{error::ConfigError, ownership, prefix::Prefix};

/// Reads the environment of this process. Our variables must be valid UTF-8.
pub(crate) fn environment(prefix: &Prefix) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut environment = BTreeMap::new();
    for (name, value) in env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => drop(environment.insert(name, value)),
            (Ok(name), Err(_)) if ownership::is_ours(prefix, &name) => {
                return Err(ConfigError::of(&name, "its value is not UTF-8"));
            }
            _ => {}
        }
    }
    Ok(environment)
}
