//! Tokens of people: logins, refreshes, ended sessions, deactivated applications.

use crate::Error;
use crate::entry::Entry;
use crate::exchange::Request;
use crate::management::App;
use crate::oidc::Tokens;
use crate::setup::{PROFILE, People, Person, Stage, Undo, app_path, ask_as};

pub(super) const EVERYTHING: &str =
    "openid profile email offline_access urn:zitadel:iam:user:resourceowner";

pub(super) const ENTRIES: &[Entry] = &[
    Entry::by("session_opaque_with_role", |stage| {
        Box::pin(signed_in(stage, |people| &people.ada, &stage.front_end, EVERYTHING))
    }),
    Entry::by("session_opaque_without_role", |stage| {
        Box::pin(signed_in(stage, |people| &people.without_role, &stage.front_end, "openid"))
    }),
    Entry::by("session_jwt", |stage| {
        Box::pin(signed_in(stage, |people| &people.ada, &stage.jwt_front_end, PROFILE))
    }),
    Entry::by("jwt_through_own_host", |stage| {
        Box::pin(signed_in(stage, |people| &people.ada, &stage.jwt_front_end, PROFILE))
    }),
    Entry::by("jwt_through_other_port", |stage| {
        Box::pin(async {
            let tokens = tokens(stage, &stage.jwt_front_end, PROFILE).await?;
            let mut request = stage.ask(tokens.access.reveal());
            request.host = Some("localhost:9999".to_owned());
            Ok(request)
        })
    })
    .double_only("a proxy before a real server decides by the name of the host"),
    Entry::by("session_opaque_at_another_project", |stage| {
        Box::pin(async {
            let tokens = tokens(stage, &stage.front_end, EVERYTHING).await?;
            Ok(ask_as(&stage.other_api, tokens.access.reveal()))
        })
    }),
    Entry::by("id_token", |stage| {
        Box::pin(async {
            let tokens = tokens(stage, &stage.front_end, EVERYTHING).await?;
            Ok(stage.ask(tokens.id.ok_or_else(|| missing("id_token"))?.reveal()))
        })
    }),
    Entry::by("refresh_token", |stage| {
        Box::pin(async {
            let tokens = tokens(stage, &stage.front_end, EVERYTHING).await?;
            Ok(stage.ask(tokens.refresh.ok_or_else(|| missing("refresh_token"))?.reveal()))
        })
    }),
    Entry::by("session_opaque_replaced_by_refresh", |stage| {
        Box::pin(async {
            Ok(stage.ask(refreshed(stage, &stage.front_end).await?.0.access.reveal()))
        })
    }),
    Entry::by("session_opaque_after_refresh", |stage| {
        Box::pin(async {
            Ok(stage.ask(refreshed(stage, &stage.front_end).await?.1.access.reveal()))
        })
    }),
    Entry::by("session_jwt_replaced_by_refresh", |stage| {
        Box::pin(async {
            Ok(stage.ask(refreshed(stage, &stage.jwt_front_end).await?.0.access.reveal()))
        })
    }),
    Entry::by("session_jwt_of_revoked_refresh_token", |stage| {
        Box::pin(async {
            let tokens = tokens(stage, &stage.jwt_front_end, PROFILE).await?;
            let refresh = tokens.refresh.ok_or_else(|| missing("refresh_token"))?;
            stage.server.revoke(&stage.jwt_front_end, &refresh).await?;
            Ok(stage.ask(tokens.access.reveal()))
        })
    }),
    Entry::by("session_opaque_of_ended_session", |stage| {
        Box::pin(async {
            let people = people(stage)?;
            let (session, tokens) =
                people.sign_in(stage, &people.ada, &stage.front_end, "openid").await?;
            let request = stage.ask(tokens.access.reveal());
            stage.server.active(&request).await?;
            let body = serde_json::json!({});
            stage.server.call("DELETE", &format!("/v2/sessions/{session}"), Some(&body)).await?;
            Ok(request)
        })
    }),
    Entry::by("session_of_deactivated_issuing_app", |stage| {
        Box::pin(async {
            let tokens = tokens(stage, &stage.front_end, PROFILE).await?;
            let app = app_path(&stage.project, &stage.front_end);
            stage.afterwards(Undo::Order(app.clone(), "_reactivate"));
            stage.server.order(&app, "_deactivate").await?;
            Ok(stage.ask(tokens.access.reveal()))
        })
    }),
    Entry::by("session_of_another_project_without_scope", |stage| {
        Box::pin(async {
            let people = people(stage)?;
            let app = &stage.other_front_end;
            let (_, tokens) = people.sign_in(stage, &people.ada, app, "openid").await?;
            stage.server.active(&ask_as(&stage.other_api, tokens.access.reveal())).await?;
            Ok(stage.ask(tokens.access.reveal()))
        })
    }),
    Entry::by("session_of_another_project_with_audience_scope", |stage| {
        Box::pin(of_another_project(stage))
    }),
    Entry::by("session_of_deactivated_issuing_project", |stage| {
        Box::pin(async {
            let request = of_another_project(stage).await?;
            stage.server.active(&request).await?;
            let project = format!("projects/{}", stage.other_project);
            stage.afterwards(Undo::Order(project.clone(), "_reactivate"));
            stage.server.order(&project, "_deactivate").await?;
            Ok(request)
        })
    }),
    Entry::by("session_custom_user_id_unverified_mail_phone", |stage| {
        Box::pin(async {
            let scope = stage.names.live(
                "openid profile email phone urn:zitadel:iam:org:domain:primary:ha-docs.localhost",
            );
            signed_in(stage, |people| &people.bob, &stage.front_end, &scope).await
        })
    }),
];

fn people<'a>(stage: &'a Stage<'_>) -> Result<&'a People, Error> {
    stage.people.as_ref().map_err(|error| Error::NoLogin(error.to_string()))
}

fn missing(member: &str) -> Error {
    Error::Missing { call: "the token endpoint".to_owned(), member: member.to_owned() }
}

async fn signed_in(
    stage: &Stage<'_>,
    person: fn(&People) -> &Person,
    app: &App,
    scope: &str,
) -> Result<Request, Error> {
    let people = people(stage)?;
    let (_, tokens) = people.sign_in(stage, person(people), app, scope).await?;
    Ok(stage.ask(tokens.access.reveal()))
}

/// Signs Ada in, and waits until the access token is active.
pub(super) async fn tokens(stage: &Stage<'_>, app: &App, scope: &str) -> Result<Tokens, Error> {
    let people = people(stage)?;
    let (_, tokens) = people.sign_in(stage, &people.ada, app, scope).await?;
    stage.server.active(&stage.ask(tokens.access.reveal())).await?;
    Ok(tokens)
}

/// Signs Ada in and refreshes; returns old and new tokens.
async fn refreshed(stage: &Stage<'_>, app: &App) -> Result<(Tokens, Tokens), Error> {
    let before = tokens(stage, app, EVERYTHING).await?;
    let refresh = before.refresh.as_ref().ok_or_else(|| missing("refresh_token"))?;
    let after = stage.server.refresh(app, refresh).await?;
    Ok((before, after))
}

/// Introspection request of our application for Ada's token from the other project.
async fn of_another_project(stage: &Stage<'_>) -> Result<Request, Error> {
    let scope = format!("openid urn:zitadel:iam:org:project:id:{}:aud", stage.project);
    signed_in(stage, |people| &people.ada, &stage.other_front_end, &scope).await
}
