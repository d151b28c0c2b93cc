//! Tree of the values of a section, merged from all layers.

use std::collections::BTreeMap;

use figment::value::Value;

/// Part of a section: a value with its origin (name and layer), or a table of nodes.
#[derive(Clone)]
pub(super) enum Node {
    Leaf { value: Value, origin: String },
    Table(BTreeMap<String, Node>),
}

impl Node {
    pub(super) fn of_toml(name: &str, file: &str, value: Value) -> Self {
        match value {
            Value::Dict(_, table) => {
                let node = |(key, value)| {
                    let below = Self::of_toml(&format!("{name}.{key}"), file, value);
                    (key, below)
                };
                Self::Table(table.into_iter().map(node).collect())
            }
            value => Self::Leaf { value, origin: format!("{name} in {file}") },
        }
    }

    pub(super) fn put(&mut self, path: &[String], leaf: Self) {
        let [key, below @ ..] = path else {
            *self = leaf;
            return;
        };
        if let Self::Leaf { .. } = self {
            *self = Self::Table(BTreeMap::new());
        }
        if let Self::Table(table) = self {
            // Names of variables have neither lower case nor `-`.
            let written = |key: &str| key.to_lowercase().replace('-', "_");
            let known = table.keys().find(|known| written(known) == written(key));
            let key = known.unwrap_or(key).clone();
            let entry = table.entry(key).or_insert_with(|| Self::Table(BTreeMap::new()));
            entry.put(below, leaf);
        }
    }
}
