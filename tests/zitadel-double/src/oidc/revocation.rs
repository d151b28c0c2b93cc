//! Token revocation (RFC 7009) by an OIDC application in the token's audience.

use http::StatusCode;

use super::grants::{Client, Refused};
use super::{Call, Form, Reply};
use crate::answer::Answer;
use crate::shared::Shared;
use crate::world::{SessionRecord, Token, World};

pub(crate) const REVOCATION_PATH: &str = "/oauth/v2/revoke";

enum Found {
    Access(SessionRecord),
    Refresh(SessionRecord),
    Pat,
    Nothing,
}

/// Revokes a token; an unknown or invalid one is no error.
pub(crate) fn revoke(call: &Call<'_>, shared: &Shared) -> Reply {
    let done = || Reply::dictated(StatusCode::OK, Answer::bytes(Vec::new()));
    revoked(call, shared).map_or_else(Reply::from, |()| done())
}

fn revoked(call: &Call<'_>, shared: &Shared) -> Result<(), Refused> {
    let form = Form::parse(call.body).map_err(|_| Refused::form())?;
    let mut world = shared.world();
    let client = Client::authenticate(call, &form, shared, &world)?.id;
    let presented = form.value("token");
    if presented.is_empty() {
        return Err(Refused::request("token missing"));
    }
    let foreign = || Refused::client("token was not issued for this client");
    let names_it = |record: &SessionRecord| {
        let mut audience = record.audience.iter();
        if audience.any(|name| name == client.as_str()) { Ok(()) } else { Err(foreign()) }
    };
    // Cannot fail: the record was just found.
    let _ = match find(&world, presented) {
        Found::Access(record) => {
            names_it(&record)?;
            world.revoke(presented)
        }
        Found::Refresh(record) => {
            names_it(&record)?;
            world.revoke_refresh_with_id(&record.id)
        }
        Found::Pat => return Err(foreign()),
        Found::Nothing => Ok(()),
    };
    Ok(())
}

fn find(world: &World, presented: &str) -> Found {
    match world.token(presented) {
        Some(Token::Session(record)) => Found::Access((**record).clone()),
        Some(Token::Pat(_)) => Found::Pat,
        None => match world.by_refresh_token(presented) {
            Some(record) => Found::Refresh(record.clone()),
            None => Found::Nothing,
        },
    }
}
