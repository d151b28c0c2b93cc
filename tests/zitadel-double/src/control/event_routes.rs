//! Event log routes of the control API; each path is a library method's name.

use serde_json::{Value, json};

use super::event_orders::{
    EventOrder, InactiveOrder, OrgRef, ReaderOrder, RoleRef, UserRef, WebhookOrder, WebhooksOrder,
};
use super::log_orders::{ClockOrder, CountOrder, LogFaultOrder, TimeOrder, TypeOrder, TypesOrder};
use super::management_orders::{LostCallOrder, VisibilityOrder};
use super::routes::{Outcome, done, read};
use super::token_orders::TokenRef;
use super::{ControlError, Controlled};
use crate::management;

pub(super) fn route(path: &str, body: &[u8], controlled: &Controlled) -> Outcome {
    let shared = &*controlled.shared;
    let project = &shared.ids.project;
    let origin = &shared.instance.issuer;
    let token = || Ok::<_, ControlError>(read::<TokenRef>(body)?.token);
    let org = || read::<OrgRef>(body).map(OrgRef::id);
    let count = || Ok::<_, ControlError>(read::<CountOrder>(body)?.count);
    match path {
        "/event_reader" => {
            let mut world = shared.world();
            let token = world.add_event_reader(&shared.ids.org)?;
            let user = world.user_of(&token)?;
            return Ok(json!({ "token": token, "user": user.as_str() }));
        }
        "/user_of" => {
            let user = shared.world().user_of(&token()?)?;
            return Ok(json!({ "user": user.as_str() }));
        }
        "/event_requests" => return Ok(Value::from(shared.traffic.event_requests())),
        "/management_calls" => {
            let calls = management::calls(shared).into_iter();
            let calls = calls.map(|(method, path)| json!({ "method": method, "path": path }));
            return Ok(calls.collect());
        }
        "/add_webhook" => return Ok(read::<WebhookOrder>(body)?.add(shared)),
        "/set_event_reader" => read::<ReaderOrder>(body)?.set(shared)?,
        "/remove_pat" => shared.world().remove_pat(&token()?)?,
        "/revoke_refresh" => shared.world().revoke_refresh(&token()?)?,
        "/end_session" => shared.world().end_session(&token()?, origin)?,
        "/sign_out" => {
            let mut world = shared.world();
            let user = read::<UserRef>(body)?.find(&world)?;
            world.sign_out(&user, origin)?;
        }
        "/deactivate_grants" | "/reactivate_grants" => {
            let mut world = shared.world();
            let user = read::<UserRef>(body)?.find(&world)?;
            world.set_grants_active(&user, path == "/reactivate_grants")?;
        }
        "/remove_project_role" => {
            shared.world().remove_role(project, &read::<RoleRef>(body)?.role)?;
        }
        "/reduce_project_grant" => {
            let RoleRef { role, org } = read(body)?;
            let org = org.unwrap_or_default().as_str().into();
            shared.world().reduce_project_grant(project, &org, &role)?;
        }
        "/remove_project_grant" => shared.world().remove_project_grant(project, &org()?)?,
        "/remove_org" => shared.world().remove_org(&org()?)?,
        "/deactivate_project" => shared.world().set_project_active(project, false)?,
        "/reactivate_project" => shared.world().set_project_active(project, true)?,
        "/remove_project" => shared.world().remove_project(project)?,
        "/write_event" => read::<EventOrder>(body)?.write(shared),
        "/noise" => shared.world().write_noise(count()?),
        "/event_log_fault" => read::<LogFaultOrder>(body)?.set(shared),
        "/hold_push" => read::<TimeOrder>(body)?.hold_push(shared),
        "/set_page_cap" => shared.world().log.page_cap = count()?,
        "/restore_log" => shared.world().log.restore(count()?),
        "/set_roles_lag" => shared.world().grants.set_lag(read::<TimeOrder>(body)?.time()),
        "/set_visibility_lag" => read::<VisibilityOrder>(body)?.set(shared),
        "/lose_management_call" => read::<LostCallOrder>(body)?.set(shared),
        "/set_log_clock" => shared.world().log.clock.set(read::<ClockOrder>(body)?.into()),
        "/set_known_event_types" => {
            shared.world().log.known_types = read::<TypesOrder>(body)?.types;
        }
        "/forget_event_type" => {
            let name = read::<TypeOrder>(body)?.name;
            shared.world().log.known_types.retain(|known| *known != name);
        }
        "/set_inactive_by_fault" => read::<InactiveOrder>(body)?.set(shared),
        "/set_webhooks" => read::<WebhooksOrder>(body)?.set(shared),
        _ => return Err(ControlError::NoRoute),
    }
    Ok(done())
}
