//! States of users: locked, deactivated, removed.

use super::details::{changed, only};
use super::request::{Outcome, Request};
use crate::refusal::Refusal;
use crate::world::UserState;

pub(super) fn lock(request: &mut Request<'_>, user: &str) -> Outcome {
    let text = "User is not active or initial";
    let is_so = Refusal::precondition(text, "COMMAND-3NN8v");
    let may = |state| state == UserState::Active;
    set(request, user, UserState::Locked, may, "COMMAND-5M9fs", is_so)
}

pub(super) fn unlock(request: &mut Request<'_>, user: &str) -> Outcome {
    let is_so = Refusal::precondition("User is not locked", "COMMAND-4M0ds");
    let may = |state| state == UserState::Locked;
    set(request, user, UserState::Active, may, "COMMAND-M0dos", is_so)
}

pub(super) fn deactivate(request: &mut Request<'_>, user: &str) -> Outcome {
    let is_so = Refusal::precondition("User already inactive", "COMMAND-5M0sf");
    let may = |state| state != UserState::Deactivated;
    set(request, user, UserState::Deactivated, may, "COMMAND-3M9ds", is_so)
}

pub(super) fn reactivate(request: &mut Request<'_>, user: &str) -> Outcome {
    let is_so = Refusal::precondition("User is not inactive", "COMMAND-6M0sf");
    let may = |state| state == UserState::Deactivated;
    set(request, user, UserState::Active, may, "COMMAND-4M0sd", is_so)
}

pub(super) fn remove(request: &mut Request<'_>, user: &str) -> Outcome {
    request.may("user.delete")?;
    let (id, _) = request.user(user).ok_or_else(|| not_found("COMMAND-m9od"))?;
    let removed = request.world.set_user_state(&id, UserState::Removed);
    removed.map_err(|_| not_found("COMMAND-m9od"))?;
    Ok(only(changed(request.world)))
}

fn set(
    request: &mut Request<'_>,
    user: &str,
    state: UserState,
    may: impl Fn(UserState) -> bool,
    missing: &'static str,
    is_so: Refusal,
) -> Outcome {
    request.may("user.write")?;
    let (id, user) = request.user(user).ok_or_else(|| not_found(missing))?;
    if !may(user.state) {
        return Err(is_so);
    }
    request.world.set_user_state(&id, state).map_err(|_| not_found(missing))?;
    Ok(only(changed(request.world)))
}

fn not_found(id: &'static str) -> Refusal {
    Refusal::not_found("User could not be found", id)
}
