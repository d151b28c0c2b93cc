//! The section `[changes]` and `cache.max_staleness`: the change feed, which finds outdated
//! verdicts by ZITADEL's event log.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use adapters::{
    ShownPath,
    bounded_file::{self, AT_START},
    zitadel::{CredentialError, FeedSettings, OwnToken, SigningKeys},
};
use domain::WhenSilent;

use super::{
    admin::Admin,
    error::ConfigError,
    introspector::Introspector,
    layers::Layers,
    server::{Server, duration, some_time},
};

const TOKEN_FILE: &str = "changes.token_file";
const INTERVAL: &str = "changes.interval";
const MAX_STALENESS: &str = "cache.max_staleness";
const LISTEN: &str = "changes.webhook.listen";
const PATH: &str = "changes.webhook.path";
const KEY_FILE: &str = "changes.webhook.key_file";

/// Names of settings that are refused without a change feed.
const OF_THE_FEED: [&str; 9] = [
    MAX_STALENESS,
    INTERVAL,
    "changes.overlap",
    "changes.settle",
    "changes.lag",
    "changes.when_silent",
    LISTEN,
    PATH,
    KEY_FILE,
];

/// Time that one poll of the event log may take: `cache.max_staleness` must exceed
/// `changes.interval` by at least this.
const FOR_A_POLL: Duration = Duration::from_secs(1);

/// Settings of the change feed: polling of ZITADEL's event log, and the webhook that triggers a
/// poll.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Settings of the polls of ZITADEL's event log, and the limits on the reuse of verdicts.
    pub feed: FeedSettings,
    /// Listener for ZITADEL's webhook; `None` if `changes.webhook.listen` is not set.
    pub webhook: Option<Webhook>,
}

/// Listener for ZITADEL's webhook, which triggers a poll.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Address to listen on for ZITADEL's webhook.
    pub listen: SocketAddr,
    /// URL path to which ZITADEL delivers its events.
    pub path: String,
    /// File with the key by which ZITADEL signs what it sends to the webhook, or with two keys
    /// during a rotation.
    pub key_file: PathBuf,
    /// Signing keys in `key_file` when the program started.
    pub keys: SigningKeys,
}

impl Changes {
    /// Reads the change feed's settings; `None` if `changes.token_file` is not set. A malformed
    /// value is an error even then.
    pub(super) fn read(
        layers: &Layers,
        directory: &Path,
        introspector: &Introspector,
        server: &Server,
        admin: Admin,
    ) -> Result<Option<Self>, ConfigError> {
        let interval = some_time(layers, INTERVAL)?;
        let overlap = some_time(layers, "changes.overlap")?;
        let settle = duration(layers, "changes.settle")?;
        let lag = duration(layers, "changes.lag")?;
        let max_staleness = some_time(layers, MAX_STALENESS)?;
        let when_silent = when_silent(layers)?;
        let webhook = Webhook::read(layers, directory, server, admin)?;
        let Some(token_file) = layers.text(TOKEN_FILE)? else {
            refuse_without_feed(layers)?;
            return Ok(None);
        };
        if let Introspector::Fake(_) = introspector {
            return Err(layers.conflict(
                TOKEN_FILE,
                "the in-memory fake answers, and has no event log to read: leave it out, or set \
                 introspector = \"zitadel\"",
            ));
        }
        if max_staleness < interval.saturating_add(FOR_A_POLL) {
            return Err(layers.conflict(
                MAX_STALENESS,
                format_args!(
                    "{} is less than changes.interval ({}) and 1s for the poll itself: set {} or \
                     more, or a shorter changes.interval",
                    humantime::format_duration(max_staleness),
                    humantime::format_duration(interval),
                    humantime::format_duration(interval.saturating_add(FOR_A_POLL)),
                ),
            ));
        }
        let shown = |error: CredentialError| {
            let (file, problem) = (ShownPath(Path::new(&token_file)), error.problem);
            layers.error(TOKEN_FILE, format_args!("{file}: {problem}"))
        };
        let token = OwnToken::file(TOKEN_FILE, directory.join(&token_file)).map_err(shown)?;
        let token = Arc::new(token);
        let feed =
            FeedSettings { token, interval, overlap, settle, lag, max_staleness, when_silent };
        Ok(Some(Self { feed, webhook }))
    }
}

impl Webhook {
    fn read(
        layers: &Layers,
        directory: &Path,
        server: &Server,
        admin: Admin,
    ) -> Result<Option<Self>, ConfigError> {
        let path: String = layers.required(PATH)?;
        let is_path = |c: char| c.is_ascii_graphic() && !"?#".contains(c);
        if !path.starts_with('/') || !path.chars().all(is_path) {
            return Err(layers.error(PATH, "it is no path"));
        }
        let key_file = layers.text(KEY_FILE)?;
        let Some(listen) = layers.parsed::<SocketAddr>(LISTEN)? else {
            let alone = [PATH, KEY_FILE].into_iter().find(|name| layers.origin(name).is_some());
            return alone.map_or(Ok(None), |name| {
                Err(layers.conflict(
                    name,
                    "it goes with changes.webhook.listen, which is not set: set that, such as \
                     127.0.0.1:9091, or leave this out",
                ))
            });
        };
        let others = [("server.listen", Some(server.listen)), ("admin.listen", admin.listen)];
        for (other, address) in others {
            if listen.port() != 0 && address.is_some_and(|it| it.port() == listen.port()) {
                return Err(layers
                    .conflict(LISTEN, format_args!("it has the port of {other}; choose another")));
            }
        }
        let Some(key_file) = key_file else {
            return Err(layers.conflict(
                LISTEN,
                "it needs changes.webhook.key_file, without which no delivery can be told from a \
                 forged one: put the signing key of ZITADEL's target into a file, and name it there",
            ));
        };
        let (key_file, keys) = file(layers, directory, (KEY_FILE, &key_file), SigningKeys::parse)?;
        Ok(Some(Self { listen, path, key_file, keys }))
    }
}

fn when_silent(layers: &Layers) -> Result<WhenSilent, ConfigError> {
    let name = "changes.when_silent";
    match layers.required::<String>(name)?.as_str() {
        "ask" => Ok(WhenSilent::Ask),
        "keep" => Ok(WhenSilent::Keep),
        _ => Err(layers.error(name, "it is neither of the two")),
    }
}

fn refuse_without_feed(layers: &Layers) -> Result<(), ConfigError> {
    let set = OF_THE_FEED.into_iter().find(|name| layers.origin(name).is_some());
    set.map_or(Ok(()), |name| {
        Err(layers.conflict(
            name,
            "there is no change feed without changes.token_file, and this means nothing: set that, or \
             leave this out",
        ))
    })
}

/// Reads the file `name` (the value of the setting `setting`) in `directory`. Returns the file's
/// path, and the value that `parse` makes of its text.
fn file<T, E: fmt::Display>(
    layers: &Layers,
    directory: &Path,
    (setting, name): (&'static str, &str),
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<(PathBuf, T), ConfigError> {
    // Not the joined path, which would pass for a path even when the value is a secret.
    let shown = |problem: String| {
        layers.error(setting, format_args!("{}: {problem}", ShownPath(Path::new(name))))
    };
    let path = directory.join(name);
    let text =
        bounded_file::read_to_string(&path, AT_START).map_err(|error| shown(error.to_string()))?;
    let parsed = parse(&text).map_err(|error| shown(error.to_string()))?;
    Ok((path, parsed))
}
