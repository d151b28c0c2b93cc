//! Merges the layers of configuration, and looks up the value and origin of each setting.

use std::{collections::BTreeMap, fmt, io, path::Path, str::FromStr};

use adapters::{
    ShownPath,
    bounded_file::{self, AT_START},
};
use bytesize::ByteSize;
use figment::{
    Figment, Profile,
    value::{Dict, Num, Value},
};

use super::{
    dotenv,
    error::ConfigError,
    layer::Layer,
    list,
    origin::Origin,
    ownership,
    prefix::Prefix,
    section::OwnersValues,
    setting::{Setting, TomlType},
    settings,
};
use crate::toml_line::toml_line;

const FILE: &str = "config.toml";
const DOTENV: &str = ".env";
const ENVIRONMENT: &str = "the environment";

/// Merged layers of configuration, each overriding those before it: defaults, file, `.env`,
/// environment.
pub(super) struct Layers {
    settings: Figment,
    prefix: Prefix,
    misspelled_domain: Option<Origin>,
}

impl Layers {
    /// Reads and merges the layers of configuration. Returns also the values in them that are no
    /// settings, such as those of `[database]`.
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

    /// Returns each setting that a file or a variable sets, with the name and layer that set it.
    pub(super) fn origins(&self) -> Vec<(&'static str, Origin)> {
        let configured =
            |setting: &'static Setting| Some((setting.name, self.origin(setting.name)?));
        settings::all().filter_map(configured).collect()
    }

    /// Returns the name and layer that set a setting; `None` if no file or variable sets it.
    pub(super) fn origin(&self, name: &str) -> Option<Origin> {
        let metadata = self.settings.find_metadata(name)?;
        (metadata.name != Layer::DEFAULTS).then(|| Origin {
            name: metadata.interpolate(&Profile::Default, &name.split('.').collect::<Vec<_>>()),
            layer: metadata.name.to_string(),
        })
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        match self.settings.find_value(name) {
            Err(_) => Ok(None),
            Ok(Value::String(_, text)) if text.is_empty() => Err(self.error(name, "it is empty")),
            Ok(Value::String(_, text)) => Ok(Some(text)),
            Ok(value) => match (settings::named(name).map(|setting| setting.toml), value) {
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

    pub(super) fn required<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        self.parsed(name)?.ok_or_else(|| self.error(name, "it is missing"))
    }

    /// Parses a setting that is a size, such as `1MiB`, into bytes; an error if it has no value.
    pub(super) fn size<T: TryFrom<u64, Error: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        let text: String = self.required(name)?;
        let size: ByteSize = text.parse().map_err(|_| self.error(name, "it is no size"))?;
        size.as_u64().try_into().map_err(|error| self.error(name, error))
    }

    /// Parses the items of a setting that is a list. Returns no items if the setting is not set. If
    /// it is set, a list without items, or with an empty item, is an error.
    pub(super) fn list<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<Vec<T>, ConfigError> {
        let items = match self.settings.find_value(name) {
            Err(_) => return Ok(Vec::new()),
            Ok(Value::String(_, text)) => {
                list::items(&text).map_err(|problem| self.error(name, problem))?
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

    /// Creates the error for a setting whose well-formed value contradicts other settings.
    pub(super) fn conflict(&self, name: &'static str, problem: impl fmt::Display) -> ConfigError {
        ConfigError::at(name, self.origin(name).as_ref(), problem)
    }

    /// Creates the error for a setting's invalid value, with a description of valid ones.
    pub(super) fn error(&self, name: &'static str, problem: impl fmt::Display) -> ConfigError {
        let expects = settings::named(name).map_or("", |setting| setting.expects);
        ConfigError::at(name, self.origin(name).as_ref(), format!("{problem}; expected {expects}"))
    }
}

/// Returns `value`, or `None` if it is blank.
fn set(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.trim().is_empty())
}

/// Returns an integer of TOML as text; `None` for any other number.
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

/// Parses `text`, the content of a `.env` file, into variables.
pub(crate) fn variables(
    text: &str,
    prefix: &Prefix,
) -> Result<BTreeMap<String, String>, ConfigError> {
    dotenv::parse(text, |word| ownership::is_ours(prefix, word))
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
