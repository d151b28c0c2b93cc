//! Sentences for operators: why a token is refused, why ZITADEL gives no verdict, and the remedy.
//!
//! The facts come from `adapters`, the decisions from the authorizer.

pub(crate) mod denied;
pub(crate) mod fault;
pub(crate) mod inactive;
mod likely_cause;
mod no_connection;
mod refused;
pub(crate) mod token_form;

use std::error::Error;

use adapters::zitadel::SettingsSummary;
use domain::Principal;

pub(crate) use likely_cause::{Certainty, LikelyCause};

/// Problem that prevents a verdict, or a warning, for operators: a sentence about what was found,
/// and one about the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// One word for the problem, such as `web_page`.
    pub(crate) reason: &'static str,
    pub(crate) found: String,
    pub(crate) advice: String,
}

impl Finding {
    pub(crate) fn new(
        reason: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { reason, found: found.into(), advice: advice.into() }
    }
}

/// Returns a clause for the operator about the introspection requests: ZITADEL's address, this
/// API's client, its authentication, and the proxy.
pub(crate) fn asked(summary: &SettingsSummary) -> String {
    let SettingsSummary { issuer, target, client_id, authentication, .. } = summary;
    let by_way_of = if target == issuer.as_str() {
        String::new()
    } else {
        format!(", connected to at {target},")
    };
    let proxy = by_proxy(summary);
    format!(
        "ZITADEL at {issuer}{by_way_of} is asked by client {client_id} with \
         {authentication}{proxy}"
    )
}

/// Returns a finding if the audience of an active token shows that `zitadel.project_id` is not this
/// API's project.
pub(crate) fn foreign_project(summary: &SettingsSummary, principal: &Principal) -> Option<Finding> {
    let project_id = summary.project_id.as_deref()?;
    let others = listed(summary.other_projects(principal)?);
    Some(Finding::new(
        "foreign_project",
        format!(
            "zitadel.project_id is {project_id:?}, and this API's application is of another project"
        ),
        format!(
            "set the id of the project, which is one of [{others}]: with a wrong one a change feed \
             watches the roles of another project, and explain tells the wrong scope"
        ),
    ))
}

/// Returns a phrase for this API's project, with its id if `zitadel.project_id` is set.
pub(crate) fn project(summary: &SettingsSummary) -> String {
    match &summary.project_id {
        Some(id) => format!("your project {id}"),
        None => "this API's project".to_owned(),
    }
}

fn by_proxy(summary: &SettingsSummary) -> String {
    let proxy = summary.proxy.as_ref();
    proxy.map_or_else(String::new, |proxy| format!(", through the proxy {proxy}"))
}

/// Returns the setting that determines the address of the introspection endpoint.
const fn address_setting(summary: &SettingsSummary) -> &'static str {
    if summary.has_endpoint { "zitadel.introspection_endpoint" } else { "zitadel.domain" }
}

/// Quotes and escapes `text`, such as a claim of an unverified token, cut off after 200 characters.
pub(crate) fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 200;
    let mut shown = text.chars().take(MAX_SHOWN).collect::<String>();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// Quotes at most 20 texts, such as a token's audiences, and joins them with commas.
fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    const MAX_LISTED: usize = 20;
    let mut texts = texts.into_iter();
    let mut shown_texts: Vec<_> = texts.by_ref().take(MAX_LISTED).map(shown).collect();
    if texts.next().is_some() {
        shown_texts.push("…".to_owned());
    }
    shown_texts.join(", ")
}

pub(crate) fn characters(count: usize) -> String {
    match count {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}

/// Returns the message of the innermost source of `error`, or of `error` itself if it has no
/// source.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
pub(crate) mod tests {
    use adapters::zitadel::{ClientCredentials, ZitadelSettings};
    use domain::Audience;

    use super::*;

    pub(crate) fn summary(project_id: Option<&str>) -> SettingsSummary {
        let credentials = ClientCredentials::client_secret("client", "pw").unwrap();
        let domain = "https://auth.example.com".parse().unwrap();
        let settings = ZitadelSettings {
            project_id: project_id.map(str::to_owned),
            connect_to: Some("http://zitadel.svc:8080".parse().unwrap()),
            ..ZitadelSettings::new(domain, credentials)
        };
        settings.summary()
    }

    #[test]
    fn the_set_up_names_another_origin_where_there_is_one() {
        assert_eq!(
            asked(&summary(None)),
            "ZITADEL at https://auth.example.com, connected to at http://zitadel.svc:8080, is \
             asked by client client with client_secret_basic"
        );
    }

    #[test]
    fn the_ids_to_choose_from_are_shown_without_the_clients() {
        let audience = ["client", "another"].map(|id| Audience::parse(id).unwrap());
        let principal = Principal { audience: audience.into(), ..Principal::default() };
        let found = foreign_project(&summary(Some("project")), &principal).unwrap();
        assert!(found.advice.contains(r#"one of ["another"]:"#), "{}", found.advice);
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
