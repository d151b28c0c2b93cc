//! No change is lost if the event log shows it late, among a thousand others, behind a page cap,
//! after a restored backup, or with a clock that steps back.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use tests::{Api, reader, with_feed};
use tokio::time::Instant;
use zitadel_double::{LogClock, NewEvent, NewUser, SessionToken, UserId, UserState, ZitadelDouble};

const ROLE: &str = "read:messages";
const SCOPED: &str = "/api/private-scoped";
const PRIVATE: &str = "/api/private";

/// Adds a user with the role and a session token.
fn person(double: &ZitadelDouble, name: &str) -> (UserId, String) {
    let user = double.add_user(NewUser::human(name));
    double.grant(&user, ROLE);
    let token = double.session_token(&user, SessionToken::default());
    (user, token)
}

fn locked(double: &ZitadelDouble, user: &UserId) -> NewEvent {
    NewEvent::new("user", user, "user.locked", double.org_id())
}

fn die(double: &ZitadelDouble, token: &str) {
    double.answer(token, json!({ "active": false }));
}

#[tokio::test]
async fn a_push_that_stays_open_hides_no_change() {
    let double = ZitadelDouble::start().await;
    let (ada, of_ada) = person(&double, "ada");
    let (_, bystander) = person(&double, "bob");
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    api.keeps(&double, &[&of_ada, &bystander]).await;
    let held = double.hold_push();
    // Introspection shows the change while the log cannot be read.
    double.ungrant(&ada, ROLE);
    api.denies_in_time(SCOPED, &of_ada, Instant::now()).await;
    assert_eq!(api.get(PRIVATE, &bystander).await.status, 200);
    double.revoke(&bystander);
    drop(held);
    api.denies_in_time(PRIVATE, &bystander, Instant::now()).await;
}

#[tokio::test]
async fn neighbours_that_commit_out_of_order_are_both_told() {
    let double = ZitadelDouble::start().await;
    let (late, of_late) = person(&double, "late");
    let (early, of_early) = person(&double, "early");
    let (_, bystander) = person(&double, "bystander");
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    api.keeps(&double, &[&of_late, &of_early, &bystander]).await;
    let pending = double.reserve_event(locked(&double, &late));
    double.ungrant(&early, ROLE);
    api.denies_in_time(SCOPED, &of_early, Instant::now()).await;
    api.keeps(&double, &[&of_late, &of_early, &bystander]).await;
    die(&double, &of_late);
    pending.commit();
    api.denies_in_time(PRIVATE, &of_late, Instant::now()).await;
    double.reset_counts();
    assert_eq!(api.get(PRIVATE, &bystander).await.status, 200);
    assert_eq!(double.introspections(), 0, "an answer beside them is forgotten");
}

#[tokio::test]
async fn of_1001_events_of_one_time_the_unreachable_one_counts_and_the_feed_goes_on() {
    let double = ZitadelDouble::start().await;
    let (unreachable, token) = person(&double, "unreachable");
    let (later, of_later) = person(&double, "later");
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    api.keeps(&double, &[&token, &of_later]).await;
    die(&double, &token);
    double.many_events_of_one_write(locked(&double, &unreachable), 1001);
    api.denies_in_time(PRIVATE, &token, Instant::now()).await;
    double.reset_counts();
    assert_eq!(api.get(PRIVATE, &of_later).await.status, 200);
    assert_eq!(double.introspections(), 1, "everything is forgotten");
    api.keeps_by_feed(&double, &[&of_later]).await;
    double.ungrant(&later, ROLE);
    api.denies_in_time(SCOPED, &of_later, Instant::now()).await;
}

#[tokio::test]
async fn a_burst_of_450_changes_is_told_whole_by_pages_of_100() {
    let double = ZitadelDouble::start().await;
    let people: Vec<_> =
        (0..450).map(|number| person(&double, &format!("user {number}"))).collect();
    let bystanders: Vec<_> =
        (0..16).map(|number| person(&double, &format!("bystander {number}")).1).collect();
    double.set_page_cap(100);
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    let tokens: Vec<_> =
        people.iter().map(|(_, token)| token).chain(&bystanders).map(String::as_str).collect();
    api.keeps(&double, &tokens).await;
    for (user, _) in &people {
        double.ungrant(user, ROLE);
    }
    let changed = Instant::now();
    for (_, token) in &people {
        api.denies_in_time(SCOPED, token, changed).await;
    }
    double.reset_counts();
    for bystander in &bystanders {
        assert_eq!(api.get(PRIVATE, bystander).await.status, 200);
    }
    // Each answer has five of the feed's 65 536 slots. Of these, 450 are marked: three answers in a
    // hundred are forgotten by chance, half of the sixteen never.
    let asked = double.introspections();
    assert!(asked < bystanders.len() / 2, "{asked} answers beside them are forgotten");
}

#[tokio::test]
async fn a_restored_log_is_an_error_and_everything_is_forgotten() {
    let log = Log::default();
    let _guard = log.capture();
    let double = ZitadelDouble::start().await;
    let (lost, of_lost) = person(&double, "lost");
    let (known, of_known) = person(&double, "known");
    let (_, bystander) = person(&double, "bystander");
    let (environment, _file) = with_feed(&double);
    // A longer overlap would read the setup's events again.
    let api = Api::start(environment.with("APP_CHANGES__OVERLAP", "10ms")).await;
    api.keeps(&double, &[&of_lost, &of_known, &bystander]).await;
    let before = double.events();
    double.ungrant(&known, ROLE);
    api.denies_in_time(SCOPED, &of_known, Instant::now()).await;
    api.keeps(&double, &[&of_lost, &of_known, &bystander]).await;
    assert!(!log.text().contains("everything is forgotten"), "{}", log.text());
    double.ungrant(&lost, ROLE);
    double.restore_log(before);
    api.denies_in_time(SCOPED, &of_lost, Instant::now()).await;
    double.reset_counts();
    assert_eq!(api.get(PRIVATE, &bystander).await.status, 200);
    assert_eq!(double.introspections(), 1, "everything is forgotten");
    let text = log.text();
    let error = text.lines().find(|line| line.contains("everything is forgotten"));
    assert!(error.is_some_and(|it| it.contains("ERROR") && it.contains("restored")), "{text}");
}

#[tokio::test]
async fn a_change_is_told_although_the_clock_of_the_database_stepped_back() {
    let double = ZitadelDouble::start().await;
    let (ada, of_ada) = person(&double, "ada");
    let (_, bystander) = person(&double, "bystander");
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    api.keeps(&double, &[&of_ada, &bystander]).await;
    double.set_log_clock(LogClock::Behind(Duration::from_secs(8)));
    double.ungrant(&ada, ROLE);
    api.denies_in_time(SCOPED, &of_ada, Instant::now()).await;
    double.reset_counts();
    assert_eq!(api.get(PRIVATE, &bystander).await.status, 200);
    assert_eq!(double.introspections(), 0, "an answer beside it is forgotten");
}

// Each poll reads back by `changes.overlap`, and finds these events again.
#[tokio::test]
async fn an_event_that_is_read_many_times_is_one_change() {
    let double = ZitadelDouble::start().await;
    let (ada, of_ada) = person(&double, "ada");
    let token = reader(&double);
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    api.keeps(&double, &[&of_ada, &token]).await;
    for _ in 0..2 {
        double.write_event(locked(&double, &ada));
    }
    // Once this is denied, Ada's answer has been forgotten too; it is cached again while polls
    // still find both events.
    double.ungrant(&double.user_of(&token), ROLE);
    api.denies_in_time(SCOPED, &token, Instant::now()).await;
    api.keeps_by_feed(&double, &[&of_ada]).await;
    double.set_user_state(&ada, UserState::Locked);
    api.denies_in_time(PRIVATE, &of_ada, Instant::now()).await;
}

/// Log lines of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn capture(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
