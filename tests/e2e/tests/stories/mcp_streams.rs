//! MCP streams and tools end with the tokens that opened them.

use std::sync::Arc;

use tempfile::NamedTempFile;
use tests::{Api, Environment, MAX_STALENESS, with_feed};
use tokio::time::{Instant, timeout};
use zitadel_double::{NewUser, SessionToken, UserId, UserState, ZitadelDouble};

use crate::{
    short_lived::{MARGIN, ShortLived},
    slow_tools::{
        Caller, Events, Mode, PATIENCE, StopReasons, WAIT, Work, assert_done, assert_stopped,
    },
};

const ROLE: &str = "read:messages";
const MODES: [Mode; 2] = [Mode::Stateless, Mode::Sessions];
/// Log searches until a poll has applied a change: three polls of two each.
const SEARCHES: usize = 6;

fn environment(double: &ZitadelDouble) -> (Environment, NamedTempFile) {
    let (environment, file) = with_feed(double);
    let environment = environment
        .with("APP_RESOURCE__URL", "http://127.0.0.1:5000/mcp")
        .with("APP_CHANGES__INTERVAL", "200ms");
    (environment, file)
}

/// API with the slow tool.
struct Stage {
    double: ZitadelDouble,
    api: Api,
    work: Arc<Work>,
    stopped: StopReasons,
    mode: Mode,
    _file: NamedTempFile,
}

impl Stage {
    async fn new(mode: Mode) -> Self {
        let double = ZitadelDouble::start().await;
        let (environment, file) = environment(&double);
        let (work, stopped) = Work::new();
        let api = Api::start_with(environment, work.routes(mode)).await;
        Self { double, api, work, stopped, mode, _file: file }
    }

    /// Adds a user who may call the tool.
    fn user(&self) -> UserId {
        let user = self.double.add_user(NewUser::human("ada"));
        self.double.grant(&user, ROLE);
        self.double.grant(&user, WAIT);
        user
    }

    /// Returns a token that outlives the test.
    fn token(&self, user: &UserId) -> String {
        self.double.session_token(user, SessionToken::default())
    }

    async fn caller(&self, token: &str) -> Caller {
        Caller::new(&self.api, self.mode, token).await
    }

    /// Waits until a call has stopped, and returns the reason.
    async fn stopped(&mut self) -> &'static str {
        timeout(PATIENCE, self.stopped.recv()).await.expect("a call stops").unwrap()
    }

    /// Waits until the feed has read all events.
    async fn is_told(&self) {
        self.double.wait_for_event_calls(self.double.event_calls() + SEARCHES).await;
    }

    /// Asserts that no call has stopped, and that this one finishes once released.
    async fn goes_on(mut self, call: Events, id: u32) {
        assert!(self.stopped.try_recv().is_err(), "a call has stopped");
        self.work.release();
        assert_done(&call.messages().await, id);
    }
}

#[tokio::test]
async fn a_call_stops_and_its_stream_ends_when_the_token_expires() {
    for mode in MODES {
        let mut stage = Stage::new(mode).await;
        let short = ShortLived::new(&stage.double, &stage.user());
        let call = stage.caller(&short.token).await.call(7).await;
        stage.work.is_of(1).await;
        assert_stopped(&call.messages().await, 7, "expired");
        short.assert_has_just_expired();
        assert_eq!(stage.stopped().await, "expired");
        stage.work.is_of(0).await;
    }
}

#[tokio::test]
async fn a_session_goes_on_for_a_token_that_has_not_expired() {
    let mut stage = Stage::new(Mode::Sessions).await;
    let user = stage.user();
    let short = ShortLived::new(&stage.double, &user);
    let ada = stage.caller(&short.token).await;
    let longer = ada.with_token(&stage.token(&user));
    let (stream, mut longer_stream) = (ada.listen().await, longer.listen().await);
    let (call, longer_call) = (ada.call(7).await, longer.call(8).await);
    stage.work.is_of(2).await;
    let (listened, called) = tokio::join!(stream.messages(), call.messages());
    short.assert_has_just_expired();
    assert_eq!(listened, [] as [serde_json::Value; 0]);
    assert_stopped(&called, 7, "expired");
    assert_eq!(stage.stopped().await, "expired");
    stage.work.is_of(1).await;
    longer_stream.goes_on().await;
    stage.goes_on(longer_call, 8).await;
}

type Revocation = fn(&ZitadelDouble, &UserId, &str);

#[tokio::test]
async fn a_call_stops_and_its_stream_ends_when_the_feed_tells_of_a_revocation() {
    let revocations: [(&str, Revocation); 5] = [
        ("the token", |double, _, token| double.revoke(token)),
        ("the session", |double, _, token| double.end_session(token)),
        ("the user", |double, user, _| double.set_user_state(user, UserState::Deactivated)),
        ("the role of the service", |double, user, _| double.ungrant(user, ROLE)),
        ("the role of the tool", |double, user, _| double.ungrant(user, WAIT)),
    ];
    for mode in MODES {
        let mut stage = Stage::new(mode).await;
        let mut open = Vec::new();
        for revocation in revocations {
            let user = stage.user();
            let token = stage.token(&user);
            let call = stage.caller(&token).await.call(7).await;
            open.push((revocation, user, token, call));
        }
        let mut left = open.len();
        stage.work.is_of(left).await;
        for ((what, revoke), user, token, call) in open {
            let revoked = Instant::now();
            revoke(&stage.double, &user, &token);
            let messages = call.messages().await;
            let late = revoked.elapsed();
            assert!(late < MAX_STALENESS + MARGIN, "{what}, {mode:?}: {late:?}");
            assert_stopped(&messages, 7, "revoked");
            assert_eq!(stage.stopped().await, "revoked");
            left -= 1;
            // The other users' calls continue.
            stage.work.is_of(left).await;
        }
    }
}

#[tokio::test]
async fn the_stream_of_a_session_ends_when_the_feed_tells_of_a_revocation() {
    let stage = Stage::new(Mode::Sessions).await;
    let token = stage.token(&stage.user());
    let mut stream = stage.caller(&token).await.listen().await;
    stream.goes_on().await;
    let revoked = Instant::now();
    stage.double.end_session(&token);
    stream.messages().await;
    let late = revoked.elapsed();
    assert!(late < MAX_STALENESS + MARGIN, "{late:?}");
}

#[tokio::test]
async fn an_unrelated_role_ends_nothing() {
    for mode in MODES {
        let stage = Stage::new(mode).await;
        let user = stage.user();
        let call = stage.caller(&stage.token(&user)).await.call(7).await;
        stage.work.is_of(1).await;
        let asked = stage.double.introspections();
        stage.double.grant(&user, "unrelated");
        // The feed has read the change, so the token is introspected again.
        stage.double.wait_for_introspections(asked + 1).await;
        stage.is_told().await;
        stage.goes_on(call, 7).await;
    }
}

#[tokio::test]
async fn the_end_of_another_user_and_a_refresh_of_the_session_end_nothing() {
    for mode in MODES {
        let stage = Stage::new(mode).await;
        let (ada, bob) = (stage.user(), stage.user());
        let (token, bobs) = (stage.token(&ada), stage.token(&bob));
        let call = stage.caller(&token).await.call(7).await;
        stage.work.is_of(1).await;
        stage.api.keeps(&stage.double, &[&token, &bobs]).await;
        let changed = Instant::now();
        stage.double.set_user_state(&bob, UserState::Deactivated);
        stage.api.denies_in_time("/api/private", &bobs, changed).await;
        let changed = Instant::now();
        let _fresh = stage.double.refresh(&token);
        stage.api.denies_in_time("/api/private", &token, changed).await;
        stage.is_told().await;
        stage.goes_on(call, 7).await;
    }
}

#[tokio::test]
async fn a_stop_ends_calls_and_streams_and_cuts_nothing_off() {
    for mode in MODES {
        let stage = Stage::new(mode).await;
        let ada = stage.caller(&stage.token(&stage.user())).await;
        let call = ada.call(7).await;
        let stream = if mode == Mode::Sessions { Some(ada.listen().await) } else { None };
        stage.work.is_of(1).await;
        let read = tokio::spawn(async move {
            if let Some(stream) = stream {
                stream.messages().await;
            }
            call.messages().await
        });
        let (work, mut reasons) = (stage.work, stage.stopped);
        let stopped = timeout(PATIENCE, stage.api.stop()).await.expect("it stops");
        assert_eq!(stopped.cut_off, 0, "{mode:?}");
        assert_stopped(&read.await.unwrap(), 7, "stopping");
        assert_eq!(reasons.try_recv(), Ok("stopping"));
        work.is_of(0).await;
    }
}
