//! Values of a section, from any layer, as a tree.

use std::collections::BTreeMap;

use figment::value::Value;

/// A value with the name in its layer, or a table of values.
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

    /// Puts a value at a path of keys below this one.
    pub(super) fn put(&mut self, path: &[String], leaf: Self) {
        let [key, below @ ..] = path else {
            *self = leaf;
            return;
        };
        if let Self::Leaf { .. } = self {
            *self = Self::Table(BTreeMap::new());
        }
        if let Self::Table(table) = self {
            // The letters of a variable have no case, and it has no `-`.
            let written = |key: &str| key.to_lowercase().replace('-', "_");
            let known = table.keys().find(|known| written(known) == written(key));
            let key = known.unwrap_or(key).clone();
            let entry = table.entry(key).or_insert_with(|| Self::Table(BTreeMap::new()));
            entry.put(below, leaf);
        }
    }
}
