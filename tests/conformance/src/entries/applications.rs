//! Changes of applications, their secrets, keys and project, and assertions that no observed line
//! spells out.

use std::future::ready;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Error;
use crate::assertion::{Key, claims};
use crate::clock::timestamp_in;
use crate::entry::Entry;
use crate::exchange::Request;
use crate::management::App;
use crate::setup::{Stage, app_path, ask_as, ask_by_assertion};

const NO_TOKEN: &str = "no-such-token";

pub(super) const ENTRIES: &[Entry] = &[
    Entry::by("assertion_bad_signature", |stage| {
        Box::pin(async {
            let signed = stage.key.sign(&stage.claims())?;
            let (message, signature) = signed.rsplit_once('.').unwrap_or_default();
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            let damaged: String = std::iter::once(first).chain(signature.chars().skip(1)).collect();
            Ok(ask_by_assertion(&format!("{message}.{damaged}"), NO_TOKEN))
        })
    }),
    Entry::by("assertion_of_removed_key", |stage| {
        Box::pin(async {
            let keys = format!("/management/v1/{}/keys", app_path(&stage.project, &stage.keyed));
            let (id, file) = stage.server.add_key(&keys, &tomorrow()).await?;
            let request = ask_by_assertion(&Key::read(&file)?.sign(&stage.claims())?, NO_TOKEN);
            stage.server.answered("a key", &request, 200).await?;
            stage.server.delete(&format!("{keys}/{id}")).await?;
            Ok(request)
        })
    }),
    Entry::by("assertion_of_expired_key", |stage| {
        Box::pin(async {
            let keys = format!("/management/v1/{}/keys", app_path(&stage.project, &stage.keyed));
            let soon = timestamp_in(Duration::from_secs(2));
            let (_, file) = stage.server.add_key(&keys, &soon).await?;
            let request = ask_by_assertion(&Key::read(&file)?.sign(&stage.claims())?, NO_TOKEN);
            stage.server.answered("the end of a key", &request, 400).await?;
            Ok(request)
        })
    }),
    Entry::by("app_deactivated", |stage| {
        Box::pin(async {
            let (app, request) = app_with_secret(stage, "deactivated").await?;
            stage.server.order(&app_path(&stage.changing_project, &app), "_deactivate").await?;
            Ok(request)
        })
    }),
    Entry::by("app_deactivated_with_assertion", |stage| {
        Box::pin(async {
            let (app, request) =
                app_with_key(stage, &stage.changing_project, "deactivated-key").await?;
            stage.server.order(&app_path(&stage.changing_project, &app), "_deactivate").await?;
            Ok(request)
        })
    }),
    Entry::by("project_deactivated", |stage| {
        Box::pin(async {
            let project = stage.server.add_project(&stage.prefix.name("inactive")).await?;
            let app = stage.server.add_api(&project, "api", true).await?;
            let request = ask_as(&app, NO_TOKEN);
            stage.server.answered("an application", &request, 200).await?;
            stage.server.order(&format!("projects/{project}"), "_deactivate").await?;
            Ok(request)
        })
    }),
    Entry::by("project_deactivated_with_assertion", |stage| {
        Box::pin(async {
            let project = stage.server.add_project(&stage.prefix.name("inactive-key")).await?;
            let (_, request) = app_with_key(stage, &project, "api").await?;
            stage.server.order(&format!("projects/{project}"), "_deactivate").await?;
            Ok(request)
        })
    }),
    Entry::by("old_secret_after_a_new_one", |stage| {
        Box::pin(async {
            let (app, request) = app_with_secret(stage, "new-secret").await?;
            let config = format!("{}/api_config", app_path(&stage.changing_project, &app));
            stage.server.order(&config, "_generate_client_secret").await?;
            Ok(request)
        })
    }),
    Entry::by("secret_of_an_app_changed_to_key", |stage| {
        Box::pin(async {
            let (app, request) = app_with_secret(stage, "changed").await?;
            let config =
                format!("/management/v1/{}/api_config", app_path(&stage.changing_project, &app));
            let body = json!({ "authMethodType": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT" });
            stage.server.call("PUT", &config, Some(&body)).await?;
            Ok(request)
        })
    }),
    Entry::by("app_removed", |stage| {
        Box::pin(async {
            let (app, request) = app_with_secret(stage, "removed").await?;
            stage
                .server
                .delete(&format!("/management/v1/{}", app_path(&stage.changing_project, &app)))
                .await?;
            Ok(request)
        })
    }),
    Entry::by("assertion_ps256", |stage| Box::pin(ready(by_algorithm(stage, "PS256")))),
    Entry::by("assertion_rs512", |stage| Box::pin(ready(by_algorithm(stage, "RS512")))),
    Entry::by("assertion_alg_none", |stage| Box::pin(ready(by_algorithm(stage, "none")))),
];

fn tomorrow() -> String {
    timestamp_in(Duration::from_hours(24))
}

/// Adds an application with a secret, and waits until it can introspect.
async fn app_with_secret(stage: &Stage<'_>, name: &str) -> Result<(App, Request), Error> {
    let app = stage.server.add_api(&stage.changing_project, name, true).await?;
    let request = ask_as(&app, NO_TOKEN);
    stage.server.answered("an application", &request, 200).await?;
    Ok((app, request))
}

/// Adds an application with a key, and waits until it can introspect.
async fn app_with_key(
    stage: &Stage<'_>,
    project: &str,
    name: &str,
) -> Result<(App, Request), Error> {
    let app = stage.server.add_api(project, name, false).await?;
    let keys = format!("/management/v1/projects/{project}/apps/{}/keys", app.id);
    let (_, file) = stage.server.add_key(&keys, &tomorrow()).await?;
    let claims = claims(&app.client_id, stage.server.issuer());
    let request = ask_by_assertion(&Key::read(&file)?.sign(&claims)?, NO_TOKEN);
    stage.server.answered("an application", &request, 200).await?;
    Ok((app, request))
}

fn by_algorithm(stage: &Stage<'_>, algorithm: &str) -> Result<Request, Error> {
    let header: Value = json!({ "alg": algorithm, "kid": stage.key.id, "typ": "JWT" });
    let assertion = stage.key.sign_with(&header, &stage.claims())?;
    Ok(ask_by_assertion(&assertion, NO_TOKEN))
}
