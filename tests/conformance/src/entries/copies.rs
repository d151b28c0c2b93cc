//! Texts that are not tokens, and altered copies of tokens.

use std::future::ready;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::sessions::{EVERYTHING, tokens};
use crate::Error;
use crate::entry::{Bringing, Entry};
use crate::exchange::Request;
use crate::management::App;
use crate::setup::{PROFILE, Stage};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::replayed("garbage_short"),
    Entry::replayed("garbage_of_the_length_of_a_pat"),
    Entry::replayed("garbage_of_the_length_of_an_opaque_token"),
    Entry::replayed("garbage_jwe_shape"),
    Entry::replayed("jwt_of_another_issuer"),
    Entry::copy("pat_with_added_character", |stage| of_pat(stage, |token| format!("{token}x"))),
    Entry::copy("session_opaque_with_added_character", |stage| {
        Box::pin(of_login(stage, &stage.front_end, |token| format!("{token}x")))
    }),
    Entry::copy("session_jwt_with_added_character", |stage| {
        Box::pin(of_login(stage, &stage.jwt_front_end, |token| format!("{token}x")))
    }),
    Entry::copy("session_opaque_cut_off", |stage| {
        Box::pin(of_login(stage, &stage.front_end, |token| without_last(token, 4)))
    }),
    Entry::copy("token_with_trailing_space", |stage| of_pat(stage, |token| format!("{token} "))),
    Entry::copy("token_with_newline", |stage| {
        Box::pin(of_pat(stage, |token| format!("{token}\n")))
    }),
    Entry::copy("session_opaque_last_characters_changed", |stage| {
        Box::pin(of_login(stage, &stage.front_end, last_changed))
    }),
    Entry::copy("pat_last_characters_changed", |stage| Box::pin(of_pat(stage, last_changed))),
];

fn without_last(token: &str, count: usize) -> String {
    token.chars().take(token.chars().count().saturating_sub(count)).collect()
}

/// Changes the high bits of the last four bytes. In an older token these belong to the user's id;
/// another change could produce a colon, the separator of ids.
fn last_changed(token: &str) -> String {
    let (before, last) = token.rsplit_once('.').unwrap_or(("", token));
    let mut bytes = URL_SAFE_NO_PAD.decode(last).unwrap_or_default();
    for byte in bytes.iter_mut().rev().take(4) {
        *byte ^= 0x80;
    }
    let dot = if before.is_empty() { "" } else { "." };
    format!("{before}{dot}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn of_pat<'a>(stage: &'a Stage<'a>, copy: fn(&str) -> String) -> Bringing<'a> {
    let request = stage.ask(&copy(stage.users.reader.pat.reveal()));
    Box::pin(ready(Ok(request)))
}

async fn of_login(
    stage: &Stage<'_>,
    app: &App,
    copy: fn(&str) -> String,
) -> Result<Request, Error> {
    let scope = if app.id == stage.front_end.id { EVERYTHING } else { PROFILE };
    let tokens = tokens(stage, app, scope).await?;
    Ok(stage.ask(&copy(tokens.access.reveal())))
}
