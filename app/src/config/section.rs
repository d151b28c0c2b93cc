//! Sections that hold no settings, such as `[database]`, for the program's owner (who wrote the
//! routes). They are read from the same layers as settings.

mod deserializer;
mod node;

use std::{collections::BTreeMap, fmt};

use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use self::{
    deserializer::{PlacedNode, SectionError},
    node::Node,
};
use super::{
    error::ConfigError,
    ownership::{self, Ownership},
    prefix::Prefix,
};

/// Values that are no settings, but belong to the routes' author: those in `config.toml`, and
/// variables such as `APP_DATABASE__URL`.
#[derive(Clone)]
pub(super) struct OwnersValues {
    prefix: Prefix,
    file: String,
    tables: Dict,
    /// Name of each layer (`.env`, the environment) with its variables that are no settings; a
    /// later layer overrides an earlier one.
    variables: Vec<(&'static str, BTreeMap<String, String>)>,
}

/// Shows no value, since it may be a secret.
impl fmt::Debug for OwnersValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnersValues").finish_non_exhaustive()
    }
}

impl OwnersValues {
    pub(super) fn new(
        prefix: Prefix,
        (file, tables): (String, Dict),
        variables: [(&'static str, BTreeMap<String, String>); 2],
    ) -> Self {
        Self { prefix, file, tables, variables: variables.into() }
    }

    pub(super) fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, ConfigError> {
        if let Ownership::Ours = ownership::of_key(name, None) {
            return Err(ConfigError::of(name, "it is a section of the settings, and read already"));
        }
        let mut path = name.split('.');
        let table = path.next().and_then(|first| self.tables.get(first));
        let table = path.fold(table, |table, key| table?.as_dict()?.get(key));
        let mut node = match table {
            Some(value) => Node::of_toml(name, &self.file, value.clone()),
            None => Node::Table(BTreeMap::new()),
        };
        let start = self.prefix.variable(name) + "__";
        for (layer, variables) in &self.variables {
            for (variable, text) in variables {
                let Some(path) = variable.strip_prefix(&start) else { continue };
                let path: Vec<_> = path.split("__").map(str::to_lowercase).collect();
                let origin = format!("{variable} in {layer}");
                node.put(&path, Node::Leaf { value: Value::from(text.clone()), origin });
            }
        }
        T::deserialize(PlacedNode { node, place: name.to_owned() })
            .map_err(|SectionError { place, text }| ConfigError::of(&place, text))
    }
}

#[cfg(test)]
mod tests;
