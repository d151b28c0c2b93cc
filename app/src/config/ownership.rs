//! Decides if the name of a variable or key is a setting, a misspelled setting, or neither.
//!
//! The program's owner and the system use the environment and `config.toml` too: Kubernetes injects
//! `APP_DB_PORT` for a service called `app-db`. A name is therefore refused only inside one of our
//! sections, or if it is nearly one of our names.

use super::{prefix::Prefix, setting::Setting, settings};

/// Classification of the name of a variable or key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// Name of a setting, of a section, or of the variable for the configuration file
    /// (`APP_CONFIG`).
    Ours,
    /// Misspelled name, such as `APP_SERVER__LISTN`, with the setting that it looks like, if any.
    Misspelled(Option<String>),
    /// Name unlike any setting's, which the system or the routes' author uses, such as `PATH`.
    Others,
}

/// Variable, without the prefix, that names a file to read instead of `config.toml`.
pub(super) const FILE: &str = "CONFIG";

pub(super) fn of_variable(prefix: &Prefix, variable: &str) -> Ownership {
    if settings::all().any(|setting| setting.example_name == Some(variable)) {
        return Ownership::Ours;
    }
    let Some(rest) = prefix.strip(variable) else { return Ownership::Others };
    let names = || settings::all().map(Setting::variable_name).chain([FILE.to_owned()]);
    if names().any(|name| name == rest) {
        return Ownership::Ours;
    }
    if let Some((section, key)) = rest.split_once("__") {
        return match of_section(&section.to_lowercase(), &key.to_lowercase()) {
            Ownership::Misspelled(Some(name)) => {
                Ownership::Misspelled(Some(prefix.variable(&name)))
            }
            other => other,
        };
    }
    let same_letters = names().find(|name| name.replace('_', "") == rest.replace('_', ""));
    let near = || names().find(|name| !name.contains("__") && is_near(rest, name));
    match same_letters.or_else(near) {
        Some(name) => Ownership::Misspelled(Some(format!("{prefix}{name}"))),
        None => Ownership::Others,
    }
}

/// Returns whether a variable is a setting, or looks like one.
pub(super) fn is_ours(prefix: &Prefix, variable: &str) -> bool {
    of_variable(prefix, variable) != Ownership::Others
}

/// Classifies `key`, a key at the top level of `config.toml`. `keys` are the keys inside the table
/// that `key` names; `None` if `key` names no table.
pub(super) fn of_key(key: &str, keys: Option<&[&str]>) -> Ownership {
    if settings::all().any(|setting| setting.name == key) || sections().any(|own| own == key) {
        return Ownership::Ours;
    }
    let Some(keys) = keys else {
        let top = settings::all().map(|setting| setting.name).filter(|name| !name.contains('.'));
        let meant = top.filter(|name| is_near(key, name)).map(str::to_owned).next();
        return meant.map_or(Ownership::Others, |meant| Ownership::Misspelled(Some(meant)));
    };
    let section = key.to_lowercase();
    let mut keys = keys.iter().map(|below| of_section(&section, below));
    let meant = keys.find(|below| matches!(below, Ownership::Misspelled(Some(_))));
    // A table whose name is nearly that of our section is ours, whatever it holds.
    meant.unwrap_or_else(|| of_section(&section, ""))
}

/// Returns the setting that `name`, an unknown key, looks like: `server.listen` for `server.listn`.
pub(super) fn meant_by_key(name: &str) -> Option<String> {
    let (section, key) = name.split_once('.')?;
    match of_section(section, key) {
        Ownership::Misspelled(meant) => meant,
        Ownership::Ours | Ownership::Others => None,
    }
}

/// Returns whether a variable seems to be a misspelled `ZITADEL_DOMAIN`, such as `ZITADEL_DOMAN`.
/// The error for credentials without a domain then suggests the right name.
pub(super) fn looks_like_domain(variable: &str) -> bool {
    const DOMAIN: &str = "ZITADEL_DOMAIN";
    variable != DOMAIN && is_near(&variable.replace('_', ""), &DOMAIN.replace('_', ""))
}

fn sections() -> impl Iterator<Item = &'static str> {
    settings::all().filter_map(|setting| Some(setting.name.split_once('.')?.0))
}

/// Classifies a key that is no setting, such as `listn` in the section `server`. The section's name
/// may be misspelled too.
fn of_section(section: &str, key: &str) -> Ownership {
    let Some(own) = sections().find(|own| is_near(section, own)) else { return Ownership::Others };
    let keys = || settings::all().filter_map(|setting| setting.name.split_once('.'));
    let mut keys = keys().filter(|(of, _)| *of == own).map(|(_, key)| key);
    let letters = |name: &str| name.replace('_', "");
    let key = key.replace("__", ".");
    let is_table = |name: &str| name.split_once('.').is_some_and(|(table, _)| is_near(&key, table));
    let meant =
        keys.find(|name| letters(name) == letters(&key) || is_near(&key, name) || is_table(name));
    Ownership::Misspelled(meant.map(|meant| format!("{own}.{meant}")))
}

/// Returns whether `written` equals `name` except for typos. Allowed are two in names of nine
/// letters or more, one in six to eight, none in shorter names (`blog` is one letter away from
/// `log`).
fn is_near(written: &str, name: &str) -> bool {
    let typos = match name.len() {
        0..=5 => 0,
        6..=8 => 1,
        _ => 2,
    };
    strsim::damerau_levenshtein(written, name) <= typos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn variable(name: &str) -> Ownership {
        of_variable(&Prefix::default(), name)
    }

    #[test]
    fn a_setting_is_ours_by_each_of_its_names() {
        for name in
            ["APP_SERVER__LISTEN", "APP_INTROSPECTOR", "APP_CONFIG", "ZITADEL_DOMAIN", "KEY_FILE"]
        {
            assert_eq!(variable(name), Ownership::Ours, "{name}");
        }
    }

    #[test]
    fn a_name_in_our_section_or_nearly_one_of_ours_is_misspelled() {
        for (name, meant) in [
            ("APP_SERVER__LISTN", Some("APP_SERVER__LISTEN")),
            ("APP_SERVR__LISTEN", Some("APP_SERVER__LISTEN")),
            ("APP_SEVRER__LISTEN", Some("APP_SERVER__LISTEN")),
            ("APP_SERVER_LISTEN", Some("APP_SERVER__LISTEN")),
            ("APP_SERVER_MAX_BODY", Some("APP_SERVER__MAX_BODY")),
            ("APP_ZITADEL_KEYFILE", Some("APP_ZITADEL__KEY_FILE")),
            ("APP_ZITADL__DOMAIN", Some("APP_ZITADEL__DOMAIN")),
            ("APP_SERVR__PORT", None),
            ("APP_LOG__REQUEST", Some("APP_LOG__REQUESTS")),
            ("APP_INTROSPECTR", Some("APP_INTROSPECTOR")),
            ("APP_CONFG", Some("APP_CONFIG")),
            ("APP_SERVER__PORT", None),
            ("APP_ZITADEL__ORGANISATION", None),
        ] {
            assert_eq!(variable(name), Ownership::Misspelled(meant.map(str::to_owned)), "{name}");
        }
    }

    #[test]
    fn a_name_of_others_is_left_alone() {
        for name in [
            "APP_ENV",
            "APP_NAME",
            "APP_DATABASE_URL",
            "APP_DATABASE__URL",
            "APP_DATABASE__POOL__SIZE",
            "APP_CORE__DEBUG",
            "APP_LOGO",
            "APP_CACHE_URL",
            "APP_CACHE_TLS",
            "APP_CONF",
            "APP_CONFIRM",
            "APP_AUTH0__AUDIENCE",
            "APP_AUTH0_AUDIENCE",
            "APP_BLOG__LEVEL",
            "APP_BLOG_FORMAT",
            "APP_SERVER",
            "APP_DB_PORT",
            "APP_DB_SERVICE_HOST",
            "APP_DB_PORT_5432_TCP",
            "APP_DB_PORT_5432_TCP_ADDR",
            "APP_PORT",
            "APP_PORT_5000_TCP",
            "APP_SERVICE_HOST",
            "APP_SERVICE_PORT_HTTP",
            "APP_SERVER_PORT",
            "APP_SERVER_SERVICE_HOST",
            "APP_SERVER_PORT_80_TCP_PROTO",
            "APP_CACHE_SERVICE_PORT",
            "APP_LOG_PORT",
            "APPLE_SERVER__LISTEN",
            "APP",
            "PATH",
        ] {
            assert_eq!(variable(name), Ownership::Others, "{name}");
        }
    }

    #[test]
    fn another_program_has_another_house() {
        let prefix = Prefix::of_program("messages");
        assert_eq!(of_variable(&prefix, "APP_SERVER__LISTN"), Ownership::Others);
        let meant = Ownership::Misspelled(Some("MESSAGES_SERVER__LISTEN".to_owned()));
        assert_eq!(of_variable(&prefix, "MESSAGES_SERVER__LISTN"), meant);
    }

    #[test]
    fn a_table_is_ours_by_its_name_or_nearly_ours_by_its_name_and_a_key() {
        for (key, keys, expected) in [
            ("server", Some(&["listen"][..]), Ownership::Ours),
            ("server", None, Ownership::Ours),
            ("introspector", None, Ownership::Ours),
            ("sever", Some(&["listen"]), Ownership::Misspelled(Some("server.listen".to_owned()))),
            ("introspectr", None, Ownership::Misspelled(Some("introspector".to_owned()))),
            ("servr", Some(&["port"]), Ownership::Misspelled(None)),
            ("SERVER", Some(&["listen"]), Ownership::Misspelled(Some("server.listen".to_owned()))),
            ("auth0", Some(&["audience"]), Ownership::Others),
            ("blog", Some(&["level"]), Ownership::Others),
            ("slog", Some(&["format"]), Ownership::Others),
            ("core", Some(&["debug"]), Ownership::Others),
            ("database", Some(&["url"]), Ownership::Others),
            ("listen", None, Ownership::Others),
            ("title", None, Ownership::Others),
        ] {
            assert_eq!(of_key(key, keys), expected, "{key}");
        }
    }

    #[test]
    fn a_misspelled_domain_is_seen() {
        for name in ["ZITADEL_DOMAN", "ZITADELDOMAIN", "ZITADEL_DOMIAN", "ZITADEL_DOMAINS"] {
            assert!(looks_like_domain(name), "{name}");
        }
        for name in ["ZITADEL_DOMAIN", "ZITADEL_PORT", "DOMAIN"] {
            assert!(!looks_like_domain(name), "{name}");
        }
    }
}
