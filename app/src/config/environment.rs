//! Reads the environment variables of this process.

use std::{collections::BTreeMap, env};

use super::{error::ConfigError, ownership, prefix::Prefix};

/// Returns this process's environment variables. A setting whose value is not UTF-8 is an error;
/// other variables that are not UTF-8 are left out.
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
