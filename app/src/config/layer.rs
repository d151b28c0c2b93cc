//! One layer of configuration: the defaults, `config.toml`, `.env` or the environment.

use std::collections::BTreeMap;

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::{
    error::ConfigError,
    origin::Origin,
    ownership::{self, Ownership},
    prefix::Prefix,
    setting::Setting,
    settings,
};

/// Value of each setting in one layer, with the setting's name in that layer.
pub(super) struct Layer {
    pub(super) layer: String,
    values: BTreeMap<&'static str, (Value, String)>,
}

impl Layer {
    pub(super) const DEFAULTS: &'static str = "defaults";

    pub(super) fn of_defaults() -> Self {
        let default = |setting: &'static Setting| {
            Some((setting.name, (Value::from(setting.default?), setting.name.to_owned())))
        };
        let values = settings::all().filter_map(default).collect();
        Self { layer: Self::DEFAULTS.to_owned(), values }
    }

    /// Splits `variables`, which come from `.env` or the environment, into a layer of settings and
    /// all other variables; drops blank ones. Some settings have a second name, from ZITADEL's
    /// Python example: `APP_ZITADEL__CLIENT_ID` overrides `CLIENT_ID`.
    pub(super) fn of_variables(
        prefix: &Prefix,
        layer: &str,
        mut variables: BTreeMap<String, String>,
    ) -> Result<(Self, BTreeMap<String, String>), ConfigError> {
        variables.retain(|_, value| !value.trim().is_empty());
        let mut values = BTreeMap::new();
        for setting in settings::all() {
            let own = prefix.variable(setting.name);
            for name in setting.example_name.map(str::to_owned).into_iter().chain([own]) {
                if let Some(value) = variables.remove(&name) {
                    values.insert(setting.name, (Value::from(value), name));
                }
            }
        }
        for name in variables.keys() {
            if let Ownership::Misspelled(meant) = ownership::of_variable(prefix, name) {
                let origin = Origin { name: name.clone(), layer: layer.to_owned() };
                return Err(ConfigError::unknown(&origin, meant.as_deref()));
            }
        }
        Ok((Self { layer: layer.to_owned(), values }, variables))
    }

    /// Returns the settings in `config.toml` as a layer, and its other values, such as those of
    /// `[database]`.
    pub(super) fn of_toml(layer: &str, table: Dict) -> Result<(Self, Dict), ConfigError> {
        let mut values = BTreeMap::new();
        let mut others = Dict::new();
        let unknown = |name: String, meant: Option<String>| {
            let origin = Origin { name, layer: layer.to_owned() };
            ConfigError::unknown(&origin, meant.as_deref())
        };
        for (key, value) in table {
            let keys = match &value {
                Value::Dict(_, table) => Some(table.keys().map(String::as_str).collect::<Vec<_>>()),
                _ => None,
            };
            match (ownership::of_key(&key, keys.as_deref()), settings::named(&key), value) {
                (Ownership::Others, _, value) => drop(others.insert(key, value)),
                (Ownership::Misspelled(meant), ..) => return Err(unknown(key, meant)),
                (Ownership::Ours, Some(setting), value) => {
                    values.insert(setting.name, (value, key));
                }
                (Ownership::Ours, None, Value::Dict(_, section)) => {
                    for (name, value) in below(&key, section) {
                        let Some(setting) = settings::named(&name) else {
                            let meant = ownership::meant_by_key(&name);
                            return Err(unknown(name, meant));
                        };
                        values.insert(setting.name, (value, name));
                    }
                }
                (Ownership::Ours, None, _) => return Err(unknown(key, None)),
            }
        }
        Ok((Self { layer: layer.to_owned(), values }, others))
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let names: BTreeMap<_, _> =
            self.values.iter().map(|(name, (_, here))| (*name, here.clone())).collect();
        Metadata::named(self.layer.clone()).interpolater(move |_: &Profile, path: &[&str]| {
            let name = path.join(".");
            names.get(name.as_str()).cloned().unwrap_or(name)
        })
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut data = Dict::new();
        for (name, (value, _)) in &self.values {
            put(&mut data, name, value.clone());
        }
        Ok(Profile::Default.collect(data))
    }
}

/// Returns the values in the table `table` by their full names, such as `server.listen`. Tables
/// within it that hold settings, such as `changes.webhook`, are flattened.
fn below(table: &str, values: Dict) -> Vec<(String, Value)> {
    let named = |(key, value)| match (format!("{table}.{key}"), value) {
        (name, Value::Dict(_, values)) if holds_settings(&name) => below(&name, values),
        named => vec![named],
    };
    values.into_iter().flat_map(named).collect()
}

fn holds_settings(table: &str) -> bool {
    let is_in = |name: &str| name.strip_prefix(table).is_some_and(|key| key.starts_with('.'));
    settings::all().any(|setting| is_in(setting.name))
}

fn put(table: &mut Dict, name: &str, value: Value) {
    let Some((first, rest)) = name.split_once('.') else {
        table.insert(name.to_owned(), value);
        return;
    };
    let inner = table.entry(first.to_owned()).or_insert_with(|| Dict::new().into());
    if let Value::Dict(_, inner) = inner {
        put(inner, rest, value);
    }
}
