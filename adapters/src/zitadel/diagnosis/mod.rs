//! What ZITADEL's answers, and its silence, mean for the people who set this API up.
//!
//! It explains and decides nothing: who gets in is the authorizer's work. What it reads in a token
//! itself is unverified, and good enough to say where to look.

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

/// Explains in the words of one set-up: its domain, its client, its project.
#[derive(Clone, Debug)]
pub struct Explainer {
    issuer: Issuer,
    /// What is sent as `Host`, by which ZITADEL finds its instance.
    host: String,
    /// The origin that is connected to.
    target: String,
    /// The setting that says where to ask.
    address_setting: &'static str,
    client_id: ClientId,
    authentication: &'static str,
    project_id: Option<String>,
    timeout: Duration,
    /// The proxy by which it is connected to, without a password.
    proxy: Option<String>,
}

/// Something that keeps verdicts from us, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The one word for it.
    pub reason: &'static str,
    /// What was found.
    pub found: String,
    /// What to do.
    pub advice: String,
}

/// Why a token does not open a door: one cause of perhaps several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikelyCause {
    /// How sure that is.
    pub certainty: Certainty,
    /// The one word for it.
    pub cause: &'static str,
    /// What it is, and what to do.
    pub text: String,
    /// What the `err` of ZITADEL's own log line `oidc introspection` then has in it, where it is
    /// known.
    pub logged_as: Option<&'static str>,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It is enough by itself.
    Certain,
    /// Something points to it.
    Likely,
    /// Nothing speaks against it.
    Possible,
}

impl Certainty {
    /// The one word for it.
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
        let credentials = &settings.credentials.parsed;
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

    /// Who is asked, as whom and how, in one clause.
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

    /// The proxy as a clause to add, empty where there is none.
    fn by_proxy(&self) -> String {
        let proxy = self.proxy.as_ref();
        proxy.map_or_else(String::new, |proxy| format!(", through the proxy {proxy}"))
    }

    /// What ZITADEL means by `active: false`, most likely first, for the log of whoever wonders.
    ///
    /// ZITADEL never says which; see its rule for audiences: the token's must contain the
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

    /// What keeps verdicts from us, and what to do about it.
    #[must_use]
    pub fn fault(&self, fault: &IntrospectionError) -> Finding {
        fault::explain(self, fault)
    }

    /// What a token looks like from outside. It repeats nothing of a token that is no JWT, and of
    /// a JWT only some claims, by which nobody can make it again.
    #[must_use]
    pub fn form(&self, token: &AccessToken<'_>, now: SystemTime) -> String {
        TokenForm::read(token).describe(token, now)
    }

    /// Why a token that ZITADEL calls inactive may be so, most likely first.
    #[must_use]
    pub fn inactive(&self, token: &AccessToken<'_>, now: SystemTime) -> Vec<LikelyCause> {
        let mut causes = inactive::causes(self, token, now);
        causes.sort_by_key(|cause| cause.certainty);
        causes
    }

    /// Why a token that ZITADEL calls active, and that speaks for `principal`, is denied.
    #[must_use]
    pub fn denied(&self, denial: &Denial, principal: &Principal) -> Vec<LikelyCause> {
        let mut causes = denied::causes(self, denial, principal);
        causes.sort_by_key(|cause| cause.certainty);
        causes
    }

    /// Says that the configured project is not this API's, where the audience of an active token
    /// shows it.
    #[must_use]
    pub fn foreign_project(&self, principal: &Principal) -> Option<Finding> {
        project::foreign(self, principal)
    }

    /// The scope that puts this API's project into a token's audience.
    pub(super) fn audience_scope(&self) -> String {
        audience_scope(self.project_id.as_deref().unwrap_or("{projectId}"))
    }

    pub(super) fn knows_project(&self) -> bool {
        self.project_id.is_some()
    }

    /// This API's project, by its id where that is configured.
    pub(super) fn project(&self) -> String {
        match &self.project_id {
            Some(id) => format!("your project {id}"),
            None => "this API's project".to_owned(),
        }
    }
}

/// A text from outside: in quotes, with escapes, and not without end.
pub(super) fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 200;
    let mut shown = text.chars().take(MAX_SHOWN).collect::<String>();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// A number of characters, in words.
#[must_use]
pub fn characters(count: usize) -> String {
    match count {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}

/// Such texts as a list.
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

    /// Of the client `client`; the domain is reached by another origin.
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
