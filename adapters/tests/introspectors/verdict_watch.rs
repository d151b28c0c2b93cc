//! Tests that an event in the log of the double (the simulated ZITADEL), such as the lock of a
//! user, puts the verdict on an open stream's token in doubt.

use std::{io::Write, sync::Arc, time::Duration};

use adapters::{
    CacheSettings, Limits,
    zitadel::{ComposedZitadel, FeedSettings, OwnToken, ZitadelSettings, compose},
};
use domain::{AccessToken, ActiveToken, Introspection};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use zitadel_double::{NewUser, SessionToken, UserId, UserState, ZitadelDouble};

use crate::setup::{self, PATIENT};

/// Returns an introspector without a cache that polls the event log, and the file with the token
/// for the log.
async fn following(double: &ZitadelDouble) -> (ComposedZitadel, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(double.event_reader().as_bytes()).unwrap();
    let reader = Arc::new(OwnToken::file("changes.token_file", file.path()).unwrap());
    let changes = Some(FeedSettings::new(reader));
    let settings = ZitadelSettings { changes, ..setup::basic(double) };
    let zitadel = compose(settings, CacheSettings::default(), Limits::default()).unwrap();
    look(&zitadel).await;
    (zitadel, file)
}

/// Waits for the end of a poll of the event log that began after this call.
async fn look(zitadel: &ComposedZitadel) {
    let (log, watch) = (zitadel.changes.as_ref().unwrap(), zitadel.watch.as_ref().unwrap());
    let called = watch.now();
    let looked = async {
        while log.feed.told().watermark.is_none_or(|as_of| as_of.tick < called) {
            log.bell.ring();
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENT, looked).await.unwrap();
}

/// Open stream of a user, simulated by the task `doubted`: it ends when an event puts the verdict
/// on `token` in doubt.
struct Stream {
    user: UserId,
    token: String,
    doubted: JoinHandle<()>,
}

async fn open(double: &ZitadelDouble, zitadel: &ComposedZitadel, name: &str) -> Stream {
    let user = double.add_user(NewUser::human(name));
    let token = double.session_token(&user, SessionToken::default());
    // The creation of the user must not put the stream in doubt.
    look(zitadel).await;
    let watch = Arc::clone(zitadel.watch.as_ref().unwrap());
    let asked = watch.now();
    let active = introspect(zitadel, &token).await.unwrap();
    let doubted = tokio::spawn(async move { watch.doubted(&active, asked).await });
    Stream { user, token, doubted }
}

async fn introspect(zitadel: &ComposedZitadel, token: &str) -> Option<ActiveToken> {
    let token = AccessToken::parse(token).unwrap();
    match zitadel.introspector.introspect(&token).await.unwrap() {
        Introspection::Active(active) => Some(active),
        Introspection::Inactive => None,
    }
}

#[tokio::test]
async fn a_stream_is_in_doubt_when_its_user_is_locked_or_its_session_ends_and_not_by_a_refresh() {
    let double = ZitadelDouble::start().await;
    let (zitadel, _file) = following(&double).await;
    let mut ada = open(&double, &zitadel, "ada").await;
    let bob = open(&double, &zitadel, "bob").await;
    let mut eve = open(&double, &zitadel, "eve").await;
    double.refresh(&ada.token);
    double.refresh(&bob.token);
    look(&zitadel).await;
    assert!(introspect(&zitadel, &ada.token).await.is_none(), "a refresh ends the older token");
    assert!(!ada.doubted.is_finished() && !bob.doubted.is_finished());

    let asked = double.introspections();
    double.set_user_state(&ada.user, UserState::Locked);
    timeout(PATIENT, &mut ada.doubted).await.unwrap().unwrap();
    look(&zitadel).await;
    assert!(!bob.doubted.is_finished() && !eve.doubted.is_finished());
    double.revoke(&eve.token);
    timeout(PATIENT, &mut eve.doubted).await.unwrap().unwrap();
    look(&zitadel).await;
    assert!(!bob.doubted.is_finished());
    assert_eq!(double.introspections(), asked, "a watch asks nothing");
}

#[tokio::test]
async fn without_a_feed_there_is_no_watch() {
    let double = ZitadelDouble::start().await;
    let zitadel = compose(setup::basic(&double), CacheSettings::default(), Limits::default());
    assert!(zitadel.unwrap().watch.is_none());
}
