//! A fault of the event log ends the reuse of answers, but denies no access.

use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use tests::{Api, MAX_STALENESS, with_feed};
use tokio::time::{Instant, sleep};
use zitadel_double::{
    Answer, EventLogFault, Fault, NewUser, SessionToken, Times, UserId, ZitadelDouble,
};

const ROLE: &str = "read:messages";
const SCOPED: &str = "/api/private-scoped";
const PRIVATE: &str = "/api/private";
const LIMITED: &str = "429";
const PAUSE: Duration = Duration::from_millis(20);

/// Cause of a silent feed.
enum Cause {
    LostRole,
    Fault(EventLogFault),
}

impl Cause {
    fn begin(&self, double: &ZitadelDouble, reader: &UserId) {
        match self {
            Self::LostRole => double.set_event_reader(reader, false),
            Self::Fault(fault) => double.event_log_fault(fault.clone(), Times::UntilCleared),
        }
    }

    fn end(&self, double: &ZitadelDouble, reader: &UserId) {
        match self {
            Self::LostRole => double.set_event_reader(reader, true),
            Self::Fault(_) => double.clear_faults(),
        }
    }
}

/// Returns every cause with its row's name.
fn causes() -> Vec<(&'static str, Cause)> {
    let answered = |answer: Answer| Cause::Fault(Fault::Status(StatusCode::OK, answer).into());
    let any = |fault: Fault| Cause::Fault(fault.into());
    let html = Answer::bytes("<html><body>Sign in</body></html>");
    vec![
        ("404: the reader lost its role", Cause::LostRole),
        ("404: membership not found", Cause::Fault(EventLogFault::MembershipNotFound)),
        ("401: the token is refused", Cause::Fault(EventLogFault::TokenInvalid)),
        ("403: no organization", Cause::Fault(EventLogFault::OrganizationMissing)),
        ("500: SQL", Cause::Fault(EventLogFault::DatabaseError)),
        ("500: text", any(Fault::InternalServerError)),
        ("502", any(Fault::BadGateway)),
        ("503", any(Fault::ServiceUnavailable)),
        ("404: the database is down", any(Fault::DatabaseDown)),
        (LIMITED, any(Fault::TooManyRequests)),
        ("a stall", any(Fault::Stall)),
        ("a reset", any(Fault::ResetBeforeAnswer)),
        ("half an answer", any(Fault::Truncate)),
        ("a login page", any(Fault::LoginPage)),
        ("HTML that is called JSON", answered(html)),
        ("no body", any(Fault::Empty)),
        ("no JSON", any(Fault::NotJson)),
        ("wrong types", any(Fault::WrongTypes)),
        ("[]", answered(json!([]).into())),
        ("null", answered(json!(null).into())),
        ("events: null", answered(json!({ "events": null }).into())),
        ("events: {}", answered(json!({ "events": {} }).into())),
        ("another member", answered(json!({ "result": [] }).into())),
        ("an event that is {}", answered(json!({ "events": [{}] }).into())),
        ("204", any(Fault::Status(StatusCode::NO_CONTENT, Answer::bytes("")))),
        ("201", any(Fault::Status(StatusCode::CREATED, json!({}).into()))),
    ]
}

/// API with a cached good token, and a user who will lose a role.
struct Scene {
    name: &'static str,
    double: ZitadelDouble,
    api: Api,
    reader: UserId,
    good: String,
    user: UserId,
    of_user: String,
    _file: tempfile::NamedTempFile,
}

impl Scene {
    async fn set(name: &'static str, when_silent: &str) -> Self {
        let double = ZitadelDouble::start().await;
        let good = double.add_user(NewUser::human("good"));
        let good = double.session_token(&good, SessionToken::default());
        let user = double.add_user(NewUser::human("user"));
        double.grant(&user, ROLE);
        let of_user = double.session_token(&user, SessionToken::default());
        let (environment, file) = with_feed(&double);
        let token = std::fs::read_to_string(file.path()).unwrap();
        let reader = double.user_of(&token);
        let api = Api::start(environment.with("APP_CHANGES__WHEN_SILENT", when_silent)).await;
        api.keeps_by_feed(&double, &[&good, &of_user]).await;
        Self { name, double, api, reader, good, user, of_user, _file: file }
    }

    /// Sends the good token, which must be accepted unless the rate is limited. True if that caused
    /// an introspection.
    async fn is_asked(&self) -> bool {
        let before = self.double.introspections();
        let answer = self.api.get(PRIVATE, &self.good).await;
        let is_over_budget = self.is_limited() && answer.code() == "introspection_unavailable";
        assert!(answer.status == 200 || is_over_budget, "{}: {}", self.name, answer.text);
        self.double.introspections() > before
    }

    /// True if the cause is a 429, which limits calls to one per second if few were made before.
    fn is_limited(&self) -> bool {
        self.name == LIMITED
    }

    async fn is_over(&self, cause: &Cause) {
        cause.end(&self.double, &self.reader);
        self.api.keeps_by_feed(&self.double, &[&self.good]).await;
    }
}

async fn ends_reuse(name: &'static str, cause: Cause) {
    let scene = Scene::set(name, "ask").await;
    let Scene { double, api, reader, user, of_user, .. } = &scene;
    cause.begin(double, reader);
    let began = Instant::now();
    double.ungrant(user, ROLE);
    let changed = Instant::now();
    let mut was_asked = false;
    loop {
        let sent = changed.elapsed();
        let status = api.get(SCOPED, of_user).await.status.as_u16();
        assert!(status != 200 || sent <= MAX_STALENESS, "{name}: let in {sent:?} after");
        let is_over_budget = scene.is_limited() && status == 503;
        assert!(status == 200 || status == 401 || is_over_budget, "{name}: {status}");
        let sent = began.elapsed();
        was_asked |= scene.is_asked().await;
        // An answer this late was introspected during the silence.
        if sent > MAX_STALENESS && status == 401 {
            break;
        }
        sleep(PAUSE).await;
    }
    assert!(was_asked, "{name}: an answer is reused in silence");
    scene.is_over(&cause).await;
}

async fn keeps_answers(name: &'static str, cause: Cause) {
    let scene = Scene::set(name, "keep").await;
    cause.begin(&scene.double, &scene.reader);
    let began = Instant::now();
    loop {
        let sent = began.elapsed();
        assert!(!scene.is_asked().await, "{name}: asked {sent:?} after the silence began");
        if sent > MAX_STALENESS {
            break;
        }
        sleep(PAUSE).await;
    }
    scene.is_over(&cause).await;
}

#[tokio::test]
async fn a_fault_of_the_log_of_any_kind_ends_reuse_and_denies_no_good_token() {
    let rows = causes();
    join_all(rows.into_iter().map(|(name, cause)| ends_reuse(name, cause))).await;
}

#[tokio::test]
async fn a_fault_of_the_log_of_any_kind_keeps_answers_where_that_is_set() {
    let rows = causes();
    join_all(rows.into_iter().map(|(name, cause)| keeps_answers(name, cause))).await;
}
