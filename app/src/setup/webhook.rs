//! The webhook by which ZITADEL says at once that something changed: its address, and what is there of
//! it already.

use std::{collections::BTreeMap, fs, io, net::IpAddr, str::FromStr};

use adapters::zitadel::management::{
    ActionTarget, EventCondition, Execution, Management, ManagementError,
};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::{
    SetupError,
    here::{Here, HereError},
    target::Target,
};
use crate::config::Prefix;

/// The file of the signing key.
pub(super) const KEY_FILE: &str = "webhook_key";

/// Where the API listens for a webhook that comes by an ingress.
const LISTEN: &str = "127.0.0.1:9091";
/// `changes.webhook.path`, by default.
const PATH: &str = "/zitadel/events";

/// The address that ZITADEL calls: `https`, or `http` on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookUrl(Url);

impl FromStr for WebhookUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url: Url =
            text.parse().map_err(|_| "it is no address such as https://api.example.com")?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("it must have scheme, host, port and path only");
        }
        let url = Self(url);
        match url.0.scheme() {
            "https" => Ok(url),
            "http" if url.loopback().is_some() => Ok(url),
            _ => Err("it must be https, or http on loopback"),
        }
    }
}

impl WebhookUrl {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn loopback(&self) -> Option<IpAddr> {
        let address = match self.0.host()? {
            Host::Ipv4(address) => address.into(),
            Host::Ipv6(address) => address.into(),
            Host::Domain("localhost") => IpAddr::from([127, 0, 0, 1]),
            Host::Domain(_) => return None,
        };
        address.is_loopback().then_some(address)
    }

    /// Returns the address to listen at: that of the webhook itself, or one behind an ingress.
    fn listen(&self) -> String {
        match (self.0.scheme(), self.loopback(), self.0.port_or_known_default()) {
            ("http", Some(IpAddr::V6(address)), Some(port)) => format!("[{address}]:{port}"),
            ("http", Some(address), Some(port)) => format!("{address}:{port}"),
            _ => LISTEN.to_owned(),
        }
    }

    /// Returns the variables that are not yet as the webhook needs them. An address to listen at that
    /// is there stays.
    pub(super) fn variables(
        &self,
        prefix: &Prefix,
        here: &BTreeMap<String, String>,
    ) -> Vec<(String, String)> {
        let name = |setting: &str| prefix.variable(&format!("changes.webhook.{setting}"));
        let (key_file, listen, path) = (name("key_file"), name("listen"), name("path"));
        let mut missing = Vec::new();
        if here.get(&key_file).is_none_or(|file| file != KEY_FILE) {
            missing.push((key_file, KEY_FILE.to_owned()));
        }
        if !here.contains_key(&listen) {
            missing.push((listen, self.listen()));
        }
        if here.get(&path).map_or(PATH, String::as_str) != self.0.path() {
            missing.push((path, self.0.path().to_owned()));
        }
        missing
    }
}

/// The webhook before anything is done.
#[derive(Clone, Debug)]
pub(super) struct FoundWebhook {
    /// A target of the name, in whatever case.
    pub(super) target: Option<ActionTarget>,
    /// The targets of all conditions on events.
    pub(super) executions: Vec<Execution>,
    /// What is in the file of the signing key.
    pub(super) key: KeyFile,
    pub(super) is_env_right: bool,
}

/// The state of the file of the signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFile {
    Missing,
    /// A line of it is the key of the target.
    Right,
    Other,
}

/// Reads what is there; `None` where this administrator may not.
pub(super) async fn read(
    management: &Management,
    url: &WebhookUrl,
    Target { project: name, prefix, .. }: &Target,
    here: &Here,
) -> Result<Option<FoundWebhook>, SetupError> {
    let (targets, executions) = match targets_and_executions(management).await {
        Err(ManagementError::Forbidden { .. }) => return Ok(None),
        both => both?,
    };
    let is_ours = |target: &ActionTarget| target.name.to_lowercase() == name.to_lowercase();
    let target = targets.into_iter().find(is_ours);
    let key = match fs::read_to_string(here.directory.join(KEY_FILE)) {
        Ok(text) => {
            let is_key = |target: &ActionTarget| {
                text.lines().any(|line| line.trim() == target.signing_key.expose_secret())
            };
            if target.as_ref().is_some_and(is_key) { KeyFile::Right } else { KeyFile::Other }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => KeyFile::Missing,
        Err(error) => return Err(HereError::Read(KEY_FILE, error).into()),
    };
    let is_env_right = url.variables(prefix, &here.variables).is_empty();
    Ok(Some(FoundWebhook { target, executions, key, is_env_right }))
}

/// Reads all targets, and the conditions with those of their targets that there are: ZITADEL refuses a
/// list that names another.
async fn targets_and_executions(
    management: &Management,
) -> Result<(Vec<ActionTarget>, Vec<Execution>), ManagementError> {
    let targets = management.action_targets().await?;
    let mut executions = management.executions().await?;
    for execution in &mut executions {
        execution.targets.retain(|id| targets.iter().any(|target| target.id == *id));
    }
    Ok((targets, executions))
}

/// Takes a target from every condition, and removes it. A condition that then says the same as the
/// group or all events goes as well.
pub(super) async fn remove(management: &Management, id: &String) -> Result<(), ManagementError> {
    let (_, executions) = targets_and_executions(management).await?;
    for Execution { condition, targets } in executions.iter().filter(|it| it.targets.contains(id)) {
        let without = |targets: &[String]| -> Vec<_> {
            targets.iter().filter(|target| *target != id).cloned().collect()
        };
        let mut rest = without(targets);
        if let EventCondition::Event(event) = condition {
            let others: Vec<_> =
                executions.iter().filter(|it| it.condition != *condition).cloned().collect();
            if rest == without(EventCondition::called_at(&others, event)) {
                rest.clear();
            }
        }
        management.set_execution(condition, &rest).await?;
    }
    management.remove_action_target(id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_on_loopback() {
        for (text, listen) in [
            ("https://api.example.com/zitadel/events", LISTEN),
            ("https://127.0.0.1:9443/x", LISTEN),
            ("http://127.0.0.1:9191/x", "127.0.0.1:9191"),
            ("http://localhost:9191/x", "127.0.0.1:9191"),
            ("http://[::1]:9191/x", "[::1]:9191"),
        ] {
            assert_eq!(text.parse::<WebhookUrl>().unwrap().listen(), listen, "{text}");
        }
        for text in [
            "",
            "api.example.com",
            "http://api.example.com/x",
            "http://10.0.0.1/x",
            "ftp://127.0.0.1/x",
            "https://user:secret@api.example.com/x",
        ] {
            assert!(text.parse::<WebhookUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn variables_are_set_where_they_are_missing_or_wrong() {
        let prefix = Prefix::default();
        let missing = |url: &str, here: &[(&str, &str)]| {
            let pair = |(name, value): &(&str, &str)| {
                (format!("APP_CHANGES__WEBHOOK__{name}"), (*value).to_owned())
            };
            let url: WebhookUrl = url.parse().unwrap();
            let variables = url.variables(&prefix, &here.iter().map(pair).collect());
            let shown = |(name, value): (String, String)| {
                format!("{}={value}", name.trim_start_matches("APP_CHANGES__WEBHOOK__"))
            };
            variables.into_iter().map(shown).collect::<Vec<_>>()
        };
        let usual = "https://api.example.com/zitadel/events";
        assert_eq!(missing(usual, &[]), ["KEY_FILE=webhook_key", "LISTEN=127.0.0.1:9091"]);
        let there = [("KEY_FILE", "webhook_key"), ("LISTEN", "0.0.0.0:80")];
        assert_eq!(missing(usual, &there), [""; 0]);
        assert_eq!(missing("https://api.example.com/hook", &there), ["PATH=/hook"]);
        let others = [("KEY_FILE", "key"), ("LISTEN", "0.0.0.0:80"), ("PATH", "/hook")];
        assert_eq!(missing(usual, &others), ["KEY_FILE=webhook_key", "PATH=/zitadel/events"]);
    }
}
