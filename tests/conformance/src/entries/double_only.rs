//! Cases that no suite can cause at a real server: another organization, the organization's own
//! state and Actions, a failing database.

use std::time::Duration;

use serde_json::json;
use zitadel_double::{Action, Fault, ProjectId, SessionToken, Times, TokenKind, UserId};

use crate::entry::{Bringing, Entry};
use crate::setup::{Stage, Undo, ask_as};
use crate::strangers::Strangers;
use crate::{Error, Secret};

const OTHER_ORGANIZATION: &str = "the suite makes no organization";
const ORGANIZATION: &str = "the suite changes nothing of the organization";
const DATABASE: &str = "the suite has no hand on the database";
const ADMINISTRATOR: &str = "only the token of the first instance has no scopes";

pub(super) const ENTRIES: &[Entry] = &[
    Entry::by("pat_of_another_organization_without_expiry", pat_of_stranger)
        .double_only(OTHER_ORGANIZATION),
    Entry::by("pat_asked_by_api_of_foreign_organization", |stage| {
        Box::pin(async {
            let api = &strangers(stage)?.api;
            Ok(ask_as(api, stage.users.reader.pat.reveal()))
        })
    })
    .double_only(OTHER_ORGANIZATION),
    Entry::by("client_credentials_of_another_organization_with_our_audience", |stage| {
        Box::pin(async { Ok(stage.ask(credentials_of(&strangers(stage)?.user, stage)?.reveal())) })
    })
    .double_only(OTHER_ORGANIZATION),
    Entry::by("foreign_org_app_before", |stage| {
        Box::pin(async { Ok(ask_as(&strangers(stage)?.api, "no-such-token")) })
    })
    .double_only(OTHER_ORGANIZATION),
    Entry::by("organization_of_the_api_deactivated", |stage| {
        Box::pin(async {
            let strangers = strangers(stage)?;
            stage.server.library()?.deactivate_org(&strangers.api_org);
            stage.afterwards(Undo::Library(Box::new(|double| {
                double.reactivate_org(double.foreign_org_id());
            })));
            Ok(ask_as(&strangers.api, "no-such-token"))
        })
    })
    .double_only(ORGANIZATION),
    Entry::by("first_instance_admin_pat", |stage| {
        Box::pin(async { Ok(stage.ask(strangers(stage)?.without_scopes.reveal())) })
    })
    .double_only(ADMINISTRATOR),
    Entry::by("pat_with_role_by_project_grant", |stage| {
        Box::pin(async { Ok(stage.ask(grant_to_stranger(stage)?.granted_pat.reveal())) })
    })
    .double_only(OTHER_ORGANIZATION),
    Entry::by("client_credentials_with_role_by_project_grant", |stage| {
        Box::pin(async {
            let user = &grant_to_stranger(stage)?.granted_user;
            Ok(stage.ask(credentials_of(user, stage)?.reveal()))
        })
    })
    .double_only(OTHER_ORGANIZATION),
    Entry::by("pat_with_role_by_deactivated_project_grant", |stage| {
        Box::pin(async {
            let Strangers { org, granted_pat, .. } = grant_to_stranger(stage)?;
            let project = ProjectId::from(stage.project.as_str());
            stage.server.library()?.deactivate_project_grant_in(&project, org);
            Ok(stage.ask(granted_pat.reveal()))
        })
    })
    .double_only(OTHER_ORGANIZATION),
    Entry::by("pat_with_claims_of_an_action", |stage| {
        Box::pin(async {
            let claims = serde_json::Map::from_iter([("team".to_owned(), json!({ "a": [1, 2] }))]);
            act(stage, Action::adding("add", claims).logging("said something"))?;
            pat_of_stranger(stage).await
        })
    })
    .double_only(ORGANIZATION),
    Entry::by("pat_of_user_whose_action_may_fail", |stage| {
        Box::pin(async {
            act(stage, Action::failing("fails").allowed_to_fail())?;
            pat_of_stranger(stage).await
        })
    })
    .double_only(ORGANIZATION),
    Entry::by("database stopped", |stage| {
        Box::pin(async {
            let double = stage.server.library()?;
            double.introspection_fault(Fault::DatabaseDown, Times::Once);
            Ok(stage.ask(stage.users.reader.pat.reveal()))
        })
    })
    .double_only(DATABASE),
    Entry::by("database hangs (stopped process)", |stage| {
        Box::pin(async {
            stage.server.library()?.introspection_fault(Fault::Stall, Times::Once);
            let mut request = stage.ask(stage.users.reader.pat.reveal());
            request.timeout = Duration::from_secs(1);
            Ok(request)
        })
    })
    .double_only(DATABASE),
    Entry::by(
        "database error in one table (seen for each of auth.tokens, projections of users, \
         machines, projects, orgs, apps, API configurations, user grants), valid PAT",
        |stage| {
            Box::pin(async {
                stage.server.library()?.set_inactive_by_fault(TokenKind::All, true);
                stage.afterwards(Undo::Library(Box::new(|double| {
                    double.set_inactive_by_fault(TokenKind::All, false);
                })));
                Ok(stage.ask(stage.users.reader.pat.reveal()))
            })
        },
    )
    .double_only(DATABASE),
];

fn strangers<'a>(stage: &'a Stage<'_>) -> Result<&'a Strangers, Error> {
    stage.strangers.as_ref().ok_or(Error::DoubleOnly)
}

fn pat_of_stranger<'a>(stage: &'a Stage<'a>) -> Bringing<'a> {
    Box::pin(async { Ok(stage.ask(strangers(stage)?.pat.reveal())) })
}

fn credentials_of(user: &UserId, stage: &Stage<'_>) -> Result<Secret, Error> {
    let project = ProjectId::from(stage.project.as_str());
    let request = SessionToken::client_credentials("ha-stranger", [&project]);
    let token = stage.server.library()?.session_token(user, request);
    Ok(Secret::new(token))
}

/// Grants the other organization's user a role of our project.
fn grant_to_stranger<'a>(stage: &'a Stage<'_>) -> Result<&'a Strangers, Error> {
    let strangers = strangers(stage)?;
    let project = ProjectId::from(stage.project.as_str());
    let (user, org) = (&strangers.granted_user, &strangers.org);
    stage.server.library()?.grant_in(user, &project, "read:messages", org);
    Ok(strangers)
}

/// Sets an Action of the other organization.
fn act(stage: &Stage<'_>, action: Action) -> Result<(), Error> {
    let (double, org) = (stage.server.library()?, strangers(stage)?.org.clone());
    double.set_action(&org, action);
    stage.afterwards(Undo::Library(Box::new(move |double| double.set_action(&org, None))));
    Ok(())
}
