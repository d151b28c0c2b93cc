//! Explanations of ZITADEL's answers, and of its silence, for the operators of this API.
//!
//! Nothing is decided here: that is the authorizer's work. The contents of a token are unverified,
//! and good enough to say where to look.

mod connection;
mod denied;
mod fault;
mod inactive;
mod instant;
mod project;
mod refused;
mod token_form;
mod unverified_jwt;

use std::time::{Duration, SystemTime};

use domain::{AccessToken, ClientId, Denial, IntrospectionError, Issuer, Principal};

use super::{
    ZitadelSettings, address::IntrospectionEndpoint, http_client::proxy_for,
    login_scopes::audience_scope,
};
use token_form::TokenForm;

/// Explains in terms of one set-up: its domain, its client, its project.
#[derive(Clone, Debug)]
pub struct Explainer {
    issuer: Issuer,
    /// Value of `Host`, by which ZITADEL finds its instance.
    host: String,
    /// Origin that is connected to.
    target: String,
    /// Name of the setting with the address.
    address_setting: &'static str,
    client_id: ClientId,
    authentication: &'static str,
    project_id: Option<String>,
    timeout: Duration,
    /// Proxy in use, without its password.
    proxy: Option<String>,
}

/// Problem that prevents a verdict, or a warning, and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// One word for the problem.
    pub reason: &'static str,
    /// Description of what was found.
    pub found: String,
    /// Remedy.
    pub advice: String,
}

/// One possible cause why a token is inactive or denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikelyCause {
    /// Certainty of the cause.
    pub certainty: Certainty,
    /// One word for the cause.
    pub cause: &'static str,
    /// Explanation, and remedy.
    pub text: String,
    /// Part of `err` in ZITADEL's own log line `oidc introspection` in this case, if it is known.
    pub logged_as: Option<&'static str>,
}

/// Certainty of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The cause is enough by itself.
    Certain,
    /// Something points to it.
    Likely,
    /// Nothing speaks against it.
    Possible,
}

impl Certainty {
    /// Returns the certainty as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }

    fn of(self, cause: &'static str, text: impl Into<String>) -> LikelyCause {
        LikelyCause { certainty: self, cause, text: text.into(), logged_as: None }
    }
}

impl LikelyCause {
    fn logged_as(self, err: &'static str) -> Self {
        Self { logged_as: Some(err), ..self }
    }
}

impl Explainer {
    /// Explains the answers to an introspector with these settings.
    #[must_use]
    pub fn new(settings: &ZitadelSettings) -> Self {
        let credentials = &settings.credentials;
        let endpoint = settings.introspection_endpoint.clone().map(IntrospectionEndpoint::into_url);
        let url = endpoint.as_ref().unwrap_or(settings.domain.url());
        let target = settings
            .connect_to
            .as_ref()
            .map_or_else(|| url.origin().ascii_serialization(), ToString::to_string);
        Self {
            issuer: settings.domain.issuer().clone(),
            host: url.authority().to_owned(),
            target,
            address_setting: endpoint
                .as_ref()
                .map_or("zitadel.domain", |_| "zitadel.introspection_endpoint"),
            client_id: credentials.client_id().clone(),
            authentication: credentials.method(),
            project_id: settings.project_id.clone(),
            timeout: settings.timeout,
            proxy: proxy_for(url).filter(|_| settings.connect_to.is_none()),
        }
    }

    /// Returns a clause that names the server, the client and its authentication.
    #[must_use]
    pub fn set_up(&self) -> String {
        let Self { issuer, target, client_id, authentication, .. } = self;
        let by_way_of = if target == issuer.as_str() {
            String::new()
        } else {
            format!(", connected to at {target},")
        };
        let proxy = self.by_proxy();
        format!(
            "ZITADEL at {issuer}{by_way_of} is asked by client {client_id} with \
             {authentication}{proxy}"
        )
    }

    /// Returns a clause about the proxy, empty if there is none.
    fn by_proxy(&self) -> String {
        let proxy = self.proxy.as_ref();
        proxy.map_or_else(String::new, |proxy| format!(", through the proxy {proxy}"))
    }

    /// Returns the possible meanings of `active: false`, most likely first, for the log.
    ///
    /// ZITADEL never says which. By its rule for audiences, the token's must contain the
    /// introspecting application's client id or project id.
    #[must_use]
    pub fn what_inactive_means(&self) -> String {
        format!(
            "its audience lacks this API's project, unless it is a personal access token (request the \
             scope {}), or it is expired, revoked or replaced by a refresh, or its user or session is \
             no longer active, or it is no access token of this instance, or ZITADEL had a fault of \
             its own; app explain says more of a token",
            self.audience_scope()
        )
    }

    /// Returns the problem behind a fault, and its remedy.
    #[must_use]
    pub fn fault(&self, fault: &IntrospectionError) -> Finding {
        fault::explain(self, fault)
    }

    /// Describes the form of a token. Nothing is repeated of a token that is no JWT, and of a JWT
    /// only some claims, from which it cannot be made again.
    #[must_use]
    pub fn form(&self, token: &AccessToken<'_>, now: SystemTime) -> String {
        TokenForm::read(token).describe(token, now)
    }

    /// Returns possible causes of an inactive token, most likely first.
    #[must_use]
    pub fn inactive(&self, token: &AccessToken<'_>, now: SystemTime) -> Vec<LikelyCause> {
        let mut causes = inactive::causes(self, token, now);
        causes.sort_by_key(|cause| cause.certainty);
        causes
    }

    /// Returns possible causes why an active token of `principal` is denied.
    #[must_use]
    pub fn denied(&self, denial: &Denial, principal: &Principal) -> Vec<LikelyCause> {
        let mut causes = denied::causes(self, denial, principal);
        causes.sort_by_key(|cause| cause.certainty);
        causes
    }

    /// Returns a finding if the audience of an active token shows that the configured project is
    /// not this API's.
    #[must_use]
    pub fn foreign_project(&self, principal: &Principal) -> Option<Finding> {
        project::foreign(self, principal)
    }

    /// Returns the scope that puts this API's project into a token's audience.
    #[must_use]
    pub fn audience_scope(&self) -> String {
        audience_scope(self.project_id.as_deref().unwrap_or("{projectId}"))
    }

    /// Returns whether the project is configured.
    #[must_use]
    pub fn knows_project(&self) -> bool {
        self.project_id.is_some()
    }

    /// Returns a name for this API's project, with its id if that is configured.
    #[must_use]
    pub fn project(&self) -> String {
        match &self.project_id {
            Some(id) => format!("your project {id}"),
            None => "this API's project".to_owned(),
        }
    }
}

/// Quotes and escapes a foreign text, cut off after 200 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 200;
    let mut shown = text.chars().take(MAX_SHOWN).collect::<String>();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// Returns a number of characters in words.
#[must_use]
pub fn characters(count: usize) -> String {
    match count {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}

/// Quotes and lists foreign texts, at most 20.
fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    const MAX_LISTED: usize = 20;
    let mut texts = texts.into_iter();
    let mut shown_texts: Vec<_> = texts.by_ref().take(MAX_LISTED).map(shown).collect();
    if texts.next().is_some() {
        shown_texts.push("…".to_owned());
    }
    shown_texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zitadel::ClientCredentials;

    /// Returns an explainer for the client `client`, whose domain is reached by another origin.
    pub(super) fn explainer(project_id: Option<&str>) -> Explainer {
        let credentials = ClientCredentials::client_secret("client", "pw").unwrap();
        let domain = "https://auth.example.com".parse().unwrap();
        Explainer::new(&ZitadelSettings {
            project_id: project_id.map(str::to_owned),
            connect_to: Some("http://zitadel.svc:8080".parse().unwrap()),
            ..ZitadelSettings::new(domain, credentials)
        })
    }

    #[test]
    fn what_inactive_means_begins_with_the_scope_to_request() {
        for (project_id, scope) in [
            (Some("340000000000000001"), "urn:zitadel:iam:org:project:id:340000000000000001:aud"),
            (None, "urn:zitadel:iam:org:project:id:{projectId}:aud"),
        ] {
            let meaning = explainer(project_id).what_inactive_means();
            let (most_likely, _) = meaning.split_once("), or ").unwrap();
            assert!(most_likely.ends_with(scope), "{meaning}");
        }
    }

    #[test]
    fn the_set_up_names_another_origin_where_there_is_one() {
        assert_eq!(
            explainer(None).set_up(),
            "ZITADEL at https://auth.example.com, connected to at http://zitadel.svc:8080, is \
             asked by client client with client_secret_basic"
        );
    }

    #[test]
    fn a_text_from_outside_is_shown_with_escapes_and_not_without_end() {
        assert_eq!(shown("a\"\n"), r#""a\"\n""#);
        assert_eq!(shown(&"ä".repeat(201)), format!("\"{}…\"", "ä".repeat(200)));
        assert_eq!(listed(["a", "b"]), r#""a", "b""#);
        assert!(listed([""; 21]).ends_with(", …"));
        assert!(!listed([""; 20]).contains('…'));
    }
}
