//! The merged layers of configuration: the value of each setting, and its origin.

use std::{collections::BTreeMap, fmt, io, path::Path, str::FromStr};

use adapters::{
    ShownPath,
    bounded_file::{self, AT_START},
};
use bytesize::ByteSize;
use figment::{
    Figment, Metadata, Profile, Provider,
    value::{Dict, Map, Num, Value},
};

use super::{
    dotenv,
    error::ConfigError,
    origin::Origin,
    ownership::{self, Ownership},
    prefix::Prefix,
    section::OwnersValues,
    setting::{self, SETTINGS, Setting, TomlType},
};
use crate::toml_line::toml_line;

/// Name of the file read from the working directory.
const FILE: &str = "config.toml";
const DOTENV: &str = ".env";
const ENVIRONMENT: &str = "the environment";

/// All layers, a later one winning: defaults, file, `.env`, environment.
pub(super) struct Layers {
    settings: Figment,
    prefix: Prefix,
    /// A variable that looks like `ZITADEL_DOMAIN`.
    misspelled_domain: Option<Origin>,
}

impl Layers {
    /// Reads the layers, and the values in them that belong to the program's owner.
    pub(super) fn read(
        prefix: &Prefix,
        environment: BTreeMap<String, String>,
        directory: &Path,
    ) -> Result<(Self, OwnersValues), ConfigError> {
        let dotenv = read_dotenv(prefix, directory)?;
        let file = format!("{prefix}{}", ownership::FILE);
        let file = [&environment, &dotenv].into_iter().find_map(|layer| set(layer.get(&file)?));
        let (file, tables) = read_file(directory, file)?;
        let misspelled_domain = [(DOTENV, &dotenv), (ENVIRONMENT, &environment)]
            .into_iter()
            .find_map(|(layer, variables)| {
                let name = variables.keys().find(|name| ownership::looks_like_domain(name))?;
                Some(Origin { name: name.clone(), layer: layer.to_owned() })
            });
        let (dotenv, owners_dotenv) = Layer::of_variables(prefix, DOTENV, dotenv)?;
        let (environment, owners) = Layer::of_variables(prefix, ENVIRONMENT, environment)?;
        let owners = OwnersValues::new(
            prefix.clone(),
            (file.layer.clone(), tables),
            [(DOTENV, owners_dotenv), (ENVIRONMENT, owners)],
        );
        let layers = [Layer::of_defaults(), file, dotenv, environment];
        let settings = layers.into_iter().fold(Figment::new(), Figment::merge);
        Ok((Self { settings, prefix: prefix.clone(), misspelled_domain }, owners))
    }

    pub(super) fn variable(&self, setting: &str) -> String {
        self.prefix.variable(setting)
    }

    pub(super) fn misspelled_domain(&self) -> Option<&Origin> {
        self.misspelled_domain.as_ref()
    }

    /// Returns the origin of each setting that is not at its default.
    pub(super) fn origins(&self) -> Vec<(&'static str, Origin)> {
        let configured =
            |setting: &'static Setting| Some((setting.name, self.origin(setting.name)?));
        SETTINGS.iter().filter_map(configured).collect()
    }

    /// Returns the origin of a setting; `None` if it is at its default or has no value.
    pub(super) fn origin(&self, name: &str) -> Option<Origin> {
        let metadata = self.settings.find_metadata(name)?;
        (metadata.name != Layer::DEFAULTS).then(|| Origin {
            name: metadata.interpolate(&Profile::Default, &name.split('.').collect::<Vec<_>>()),
            layer: metadata.name.to_string(),
        })
    }

    /// Returns the value of a setting as text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        match self.settings.find_value(name) {
            Err(_) => Ok(None),
            Ok(Value::String(_, text)) if text.is_empty() => Err(self.error(name, "it is empty")),
            Ok(Value::String(_, text)) => Ok(Some(text)),
            Ok(value) => match (setting::named(name).map(|setting| setting.toml), value) {
                (Some(TomlType::Number), Value::Num(_, number)) => {
                    whole(number).map(Some).ok_or_else(|| self.error(name, "it is not whole"))
                }
                (Some(TomlType::Boolean), Value::Bool(_, value)) => Ok(Some(value.to_string())),
                _ => Err(self.error(name, "it must stand in quotes")),
            },
        }
    }

    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let parse = |text: String| text.parse().map_err(|error: T::Err| self.error(name, error));
        self.text(name)?.map(parse).transpose()
    }

    /// Parses the value of a setting that has a default.
    pub(super) fn required<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        self.parsed(name)?.ok_or_else(|| self.error(name, "it is missing"))
    }

    /// Parses a size in bytes; the setting has a default.
    pub(super) fn size<T: TryFrom<u64, Error: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        let text: String = self.required(name)?;
        let size: ByteSize = text.parse().map_err(|_| self.error(name, "it is no size"))?;
        size.as_u64().try_into().map_err(|error| self.error(name, error))
    }

    /// Returns the values of a list, each parsed; empty if the list is not set. A list that is set
    /// and empty is refused as a mistake.
    pub(super) fn list<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<Vec<T>, ConfigError> {
        let items = match self.settings.find_value(name) {
            Err(_) => return Ok(Vec::new()),
            Ok(Value::String(_, text)) => {
                super::list::items(&text).map_err(|problem| self.error(name, problem))?
            }
            Ok(Value::Array(_, items)) => items
                .into_iter()
                .map(Value::into_string)
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| self.error(name, "its items must stand in quotes"))?,
            Ok(_) => return Err(self.error(name, "it must be a list of strings")),
        };
        if items.is_empty() || items.iter().any(String::is_empty) {
            return Err(self.error(name, "it has an empty item, or none"));
        }
        items.iter().map(|item| item.parse().map_err(|error| self.error(name, error))).collect()
    }

    /// Creates the error for a value that is well-formed but cannot be used here.
    pub(super) fn conflict(&self, name: &'static str, problem: impl fmt::Display) -> ConfigError {
        ConfigError::at(name, self.origin(name).as_ref(), problem)
    }

    /// Creates the error for an invalid value; it says what is expected.
    pub(super) fn error(&self, name: &'static str, problem: impl fmt::Display) -> ConfigError {
        let expects = setting::named(name).map_or("", |setting| setting.expects);
        ConfigError::at(name, self.origin(name).as_ref(), format!("{problem}; expected {expects}"))
    }
}

/// One layer: values by the name of the setting, each with its name in this layer.
struct Layer {
    layer: String,
    values: BTreeMap<&'static str, (Value, String)>,
}

impl Layer {
    const DEFAULTS: &'static str = "defaults";

    fn of_defaults() -> Self {
        let default = |setting: &'static Setting| {
            Some((setting.name, (Value::from(setting.default?), setting.name.to_owned())))
        };
        let values = SETTINGS.iter().filter_map(default).collect();
        Self { layer: Self::DEFAULTS.to_owned(), values }
    }

    /// Reads variables. The names of ZITADEL's Python example come first, then our own, which win.
    /// A blank variable is unset. Also returns the variables of others.
    fn of_variables(
        prefix: &Prefix,
        layer: &str,
        mut variables: BTreeMap<String, String>,
    ) -> Result<(Self, BTreeMap<String, String>), ConfigError> {
        variables.retain(|_, value| !value.trim().is_empty());
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let own = prefix.variable(setting.name);
            for name in setting.seed_name.map(str::to_owned).into_iter().chain([own]) {
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

    /// Reads TOML. Also returns the tables of others.
    fn of_toml(layer: &str, table: Dict) -> Result<(Self, Dict), ConfigError> {
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
            match (ownership::of_key(&key, keys.as_deref()), setting::named(&key), value) {
                (Ownership::Others, _, value) => drop(others.insert(key, value)),
                (Ownership::Misspelled(meant), ..) => return Err(unknown(key, meant)),
                (Ownership::Ours, Some(setting), value) => {
                    values.insert(setting.name, (value, key));
                }
                (Ownership::Ours, None, Value::Dict(_, section)) => {
                    for (name, value) in below(&key, section) {
                        let Some(setting) = setting::named(&name) else {
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

/// Returns the values of a table, each with its full name. A table that holds settings, such as
/// `changes.webhook`, is not a value.
fn below(table: &str, values: Dict) -> Vec<(String, Value)> {
    let named = |(key, value)| match (format!("{table}.{key}"), value) {
        (name, Value::Dict(_, values)) if holds_settings(&name) => below(&name, values),
        named => vec![named],
    };
    values.into_iter().flat_map(named).collect()
}

fn holds_settings(table: &str) -> bool {
    let is_in = |name: &str| name.strip_prefix(table).is_some_and(|key| key.starts_with('.'));
    SETTINGS.iter().any(|setting| is_in(setting.name))
}

/// Puts a value into the table that its dotted name gives.
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

/// Returns whether a variable is a setting, or looks like one.
pub(super) fn is_ours(prefix: &Prefix, variable: &str) -> bool {
    ownership::of_variable(prefix, variable) != Ownership::Others
}

/// Returns the value, unless it is blank.
fn set(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.trim().is_empty())
}

/// Returns a whole number of TOML, which is an `i64`, as text.
fn whole(number: Num) -> Option<String> {
    match number {
        Num::I64(number) => Some(number.to_string()),
        _ => None,
    }
}

fn read_dotenv(prefix: &Prefix, directory: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = match bounded_file::read_to_string(&directory.join(DOTENV), AT_START) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(ConfigError::of(DOTENV, error)),
    };
    variables(&text, prefix)
}

/// Returns the variables in the text of a `.env`.
pub(crate) fn variables(
    text: &str,
    prefix: &Prefix,
) -> Result<BTreeMap<String, String>, ConfigError> {
    dotenv::parse(text, |word| is_ours(prefix, word))
        .map_err(|error| ConfigError::of(DOTENV, error))
}

fn read_file(directory: &Path, file: Option<&str>) -> Result<(Layer, Dict), ConfigError> {
    let name = file.unwrap_or(FILE);
    let text = match bounded_file::read_to_string(&directory.join(name), AT_START) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.is_none() => String::new(),
        Err(error) => {
            let name = ShownPath(Path::new(name)).to_string();
            return Err(ConfigError::of(&name, error));
        }
    };
    let table: Dict = toml::from_str(&text).map_err(|error| {
        let line = toml_line(&text, &error);
        ConfigError::of(name, format!("line {line} is not TOML: {}", error.message()))
    })?;
    Layer::of_toml(name, table)
}
