//! The layers of configuration, merged: which value a setting has, and where it came from.

use std::{collections::BTreeMap, fmt, fs, io, path::Path, str::FromStr};

use figment::{
    Figment, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::{
    dotenv,
    error::ConfigError,
    setting::{self, SETTINGS, Setting},
};

/// The file that is read from the working directory.
const FILE: &str = "config.toml";
/// The variable that names another one.
const FILE_VARIABLE: &str = "APP_CONFIG";
const DOTENV: &str = ".env";
const ENVIRONMENT: &str = "the environment";

/// Where a value came from: its name there, and the layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) name: String,
    pub(super) layer: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.name, self.layer)
    }
}

/// All layers, the later one winning: defaults, file, `.env`, environment.
pub(super) struct Layers(Figment);

impl Layers {
    pub(super) fn read(
        environment: BTreeMap<String, String>,
        directory: &Path,
    ) -> Result<Self, ConfigError> {
        let dotenv = read_dotenv(directory)?;
        let file = environment.get(FILE_VARIABLE).or_else(|| dotenv.get(FILE_VARIABLE));
        let file = read_file(directory, file.map(String::as_str))?;
        let dotenv = Layer::of_variables(DOTENV, dotenv)?;
        let environment = Layer::of_variables(ENVIRONMENT, environment)?;
        let layers = [Layer::of_defaults(), file, dotenv, environment];
        Ok(Self(layers.into_iter().fold(Figment::new(), Figment::merge)))
    }

    /// Where the value of a setting came from, for those that are not at their default.
    pub(super) fn origins(&self) -> Vec<(&'static str, Origin)> {
        let configured =
            |setting: &'static Setting| Some((setting.name, self.origin(setting.name)?));
        SETTINGS.iter().filter_map(configured).collect()
    }

    /// Where the value of a setting came from; `None` for a default and for no value.
    pub(super) fn origin(&self, name: &str) -> Option<Origin> {
        let metadata = self.0.find_metadata(name)?;
        (metadata.name != Layer::DEFAULTS).then(|| Origin {
            name: metadata.interpolate(&Profile::Default, &name.split('.').collect::<Vec<_>>()),
            layer: metadata.name.to_string(),
        })
    }

    /// The value of a setting as text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        match self.0.find_value(name) {
            Err(_) => Ok(None),
            Ok(Value::String(_, text)) if text.is_empty() => Err(self.error(name, "it is empty")),
            Ok(Value::String(_, text)) => Ok(Some(text)),
            Ok(_) => Err(self.error(name, "it must stand in quotes")),
        }
    }

    /// The value of a setting, parsed.
    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let parse = |text: String| text.parse().map_err(|error: T::Err| self.error(name, error));
        self.text(name)?.map(parse).transpose()
    }

    /// The value of a setting that has a default, parsed.
    pub(super) fn required<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        self.parsed(name)?.ok_or_else(|| self.error(name, "it is missing"))
    }

    /// The values of a list, each parsed. An empty list where one is configured is refused: nobody
    /// means it.
    pub(super) fn list<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<Vec<T>, ConfigError> {
        let items = match self.0.find_value(name) {
            Err(_) => return Ok(Vec::new()),
            Ok(Value::String(_, text)) => {
                text.split(',').map(|item| item.trim().to_owned()).collect()
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

    /// Why a setting cannot stand as it is, although its value has the right form.
    pub(super) fn conflict(&self, name: &'static str, problem: impl fmt::Display) -> ConfigError {
        ConfigError::at(name, self.origin(name).as_ref(), problem)
    }

    /// What is wrong with the value of a setting.
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

    /// The seed's names first, then our own, which win.
    fn of_variables(
        layer: &str,
        mut variables: BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let names =
                setting.seed_name.map(str::to_owned).into_iter().chain([setting.variable()]);
            for name in names {
                if let Some(value) = variables.remove(&name) {
                    values.insert(setting.name, (Value::from(value), name));
                }
            }
        }
        match variables.keys().find(|name| is_unknown(name)) {
            Some(unknown) => {
                let origin = Origin { name: unknown.clone(), layer: layer.to_owned() };
                Err(ConfigError::unknown(&origin, meant(unknown).as_deref()))
            }
            None => Ok(Self { layer: layer.to_owned(), values }),
        }
    }

    fn of_toml(layer: &str, table: Dict) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        let mut tables = vec![(String::new(), table)];
        while let Some((prefix, table)) = tables.pop() {
            for (key, value) in table {
                let name = format!("{prefix}{key}");
                let section = format!("{name}.");
                match (setting::named(&name), value) {
                    (Some(setting), value) => drop(values.insert(setting.name, (value, name))),
                    (None, Value::Dict(_, table))
                        if SETTINGS.iter().any(|setting| setting.name.starts_with(&section)) =>
                    {
                        tables.push((section, table));
                    }
                    _ => {
                        let origin = Origin { name, layer: layer.to_owned() };
                        return Err(ConfigError::unknown(&origin, None));
                    }
                }
            }
        }
        Ok(Self { layer: layer.to_owned(), values })
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
            match name.split_once('.') {
                None => drop(data.insert((*name).to_owned(), value.clone())),
                Some((section, key)) => {
                    let section =
                        data.entry(section.to_owned()).or_insert_with(|| Dict::new().into());
                    if let Value::Dict(_, section) = section {
                        section.insert(key.to_owned(), value.clone());
                    }
                }
            }
        }
        Ok(Profile::Default.collect(data))
    }
}

/// The variable with the same letters, as where one underscore stands for two.
fn meant(unknown: &str) -> Option<String> {
    let letters = |name: &str| name.replace('_', "");
    let mut variables = SETTINGS.iter().map(Setting::variable);
    variables.find(|variable| letters(variable) == letters(unknown))
}

/// Whether a variable looks like a setting and is none. Kubernetes injects some of that look for a
/// service called `app`.
fn is_unknown(variable: &str) -> bool {
    let kubernetes = variable == "APP_PORT"
        || variable == "APP_SERVICE_HOST"
        || variable.starts_with("APP_PORT_")
        || variable.starts_with("APP_SERVICE_PORT");
    variable.starts_with("APP_") && variable != FILE_VARIABLE && !kubernetes
}

/// Whether a variable is a setting, or looks like one.
pub(super) fn is_ours(variable: &str) -> bool {
    variable == FILE_VARIABLE
        || is_unknown(variable)
        || SETTINGS.iter().any(|setting| setting.seed_name == Some(variable))
}

fn read_dotenv(directory: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = match fs::read_to_string(directory.join(DOTENV)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(ConfigError::of(DOTENV, error)),
    };
    dotenv::parse(&text, is_ours).map_err(|error| ConfigError::of(DOTENV, error))
}

fn read_file(directory: &Path, file: Option<&str>) -> Result<Layer, ConfigError> {
    let name = file.unwrap_or(FILE);
    let text = match fs::read_to_string(directory.join(name)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.is_none() => String::new(),
        Err(error) => return Err(ConfigError::of(name, error)),
    };
    let table: Dict = toml::from_str(&text).map_err(|error| {
        let line = toml_line(&text, &error);
        ConfigError::of(name, format!("line {line} is not TOML: {}", error.message()))
    })?;
    Layer::of_toml(name, table)
}

/// The line of an error in a TOML text, from 1.
pub(crate) fn toml_line(text: &str, error: &toml::de::Error) -> usize {
    let start = error.span().map_or(0, |span| span.start);
    text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1
}
