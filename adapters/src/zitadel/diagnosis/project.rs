//! Checks by an active token whether the configured project is this API's own.

use domain::{Audience, Principal};

use super::{Explainer, Finding, denied::is_personal_access_token, listed};

/// Returns a finding if the audience rules the configured project out. ZITADEL calls a token active
/// if its audience has the asking client or its project, and puts both into the audience of each
/// personal access token.
pub(super) fn foreign(explainer: &Explainer, principal: &Principal) -> Option<Finding> {
    let project_id = explainer.project_id.as_deref()?;
    let has = |id: &str| principal.audience.iter().any(|audience| audience.as_str() == id);
    let shows_the_project =
        is_personal_access_token(principal) || !has(explainer.client_id.as_str());
    if has(project_id) || !shows_the_project {
        return None;
    }
    let others = principal.audience.iter().map(Audience::as_str);
    let others = listed(others.filter(|id| *id != explainer.client_id.as_str()));
    Some(Finding {
        reason: "foreign_project",
        found: format!(
            "zitadel.project_id is {project_id:?}, and this API's application is of another project"
        ),
        advice: format!(
            "set the id of the project, which is one of [{others}]: with a wrong one a change feed \
             watches the roles of another project, and explain tells the wrong scope"
        ),
    })
}

#[cfg(test)]
mod tests {
    use domain::ClientId;

    use super::*;
    use crate::zitadel::diagnosis::tests::explainer;

    #[test]
    fn an_audience_shows_the_project_only_where_it_must_have_it() {
        for (client, audience, expected) in [
            (None, &["client", "project"][..], false),
            (None, &["client", "another"], true),
            (Some("front-end"), &["front-end", "project"], false),
            (Some("front-end"), &["front-end", "another"], true),
            // Active by the client alone: the project may be missing.
            (Some("front-end"), &["front-end", "client"], false),
        ] {
            let principal = Principal {
                audience: audience.iter().map(|id| Audience::parse(id).unwrap()).collect(),
                client_id: client.and_then(|id| ClientId::parse(id).ok()),
                ..Principal::default()
            };
            let found = foreign(&explainer(Some("project")), &principal);
            assert_eq!(found.is_some(), expected, "{client:?} {audience:?}");
            assert_eq!(foreign(&explainer(None), &principal), None);
        }
    }

    #[test]
    fn the_ids_to_choose_from_are_shown_without_the_clients() {
        let audience = ["client", "another"].map(|id| Audience::parse(id).unwrap());
        let principal = Principal { audience: audience.into(), ..Principal::default() };
        let found = foreign(&explainer(Some("project")), &principal).unwrap();
        assert!(found.advice.contains(r#"one of ["another"]:"#), "{}", found.advice);
    }
}
