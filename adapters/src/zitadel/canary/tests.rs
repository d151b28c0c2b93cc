use std::fs;

use domain::{AccessToken, Outage, Principal};
use tempfile::TempDir;
use tokio::{
    task::JoinSet,
    time::{advance, timeout},
};

use super::*;
use crate::{SystemClock, zitadel::fault::FaultSource};

const SETTING: &str = "zitadel.canary_token_file";

type Answer = Result<Introspection, IntrospectionError>;

/// Introspector that returns the verdict set by the test, and records the introspected tokens.
#[derive(Clone)]
struct Told(Arc<Mutex<(Answer, Vec<String>)>>);

#[async_trait]
impl TokenIntrospector for Told {
    async fn introspect(&self, token: &AccessToken<'_>) -> Answer {
        let mut told = self.0.lock().unwrap();
        told.1.push(token.expose_secret().to_owned());
        told.0.clone()
    }
}

struct Setup {
    directory: TempDir,
    told: Told,
    canary: Canary,
}

impl Setup {
    fn new(answer: Answer) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        fs::write(&file, "first").unwrap();
        let told = Told(Arc::new(Mutex::new((answer, Vec::new()))));
        let token = Arc::new(OwnToken::file(SETTING, file).unwrap());
        let canary = Canary::new(token, told.clone(), Arc::new(SystemClock));
        Self { directory, told, canary }
    }

    fn write(&self, token: &str) {
        fs::write(self.directory.path().join("token"), token).unwrap();
    }

    fn answer(&self, answer: Answer) {
        self.told.0.lock().unwrap().0 = answer;
    }

    fn asked(&self) -> Vec<String> {
        self.told.0.lock().unwrap().1.clone()
    }

    async fn vouches(&self) -> bool {
        timeout(Duration::from_secs(10), self.canary.vouch()).await.unwrap().is_ok()
    }

    fn is_given_up(&self) -> bool {
        self.canary.0.state().is_given_up
    }

    /// Lets `minutes` pass, and checks each minute that the canary does not vouch.
    async fn stay_inactive(&self, minutes: u64) {
        for _ in 0..minutes {
            assert!(!self.vouches().await);
            advance(MINUTE).await;
        }
    }
}

fn expires_in(left: Option<Duration>) -> Introspection {
    let expires_at = left.map(|left| SystemClock.now() + left);
    let principal = Arc::new(Principal::default());
    Introspection::Active(ActiveToken { expires_at, principal, ..ActiveToken::default() })
}

fn fault(outage: Outage) -> Answer {
    Err(FaultSource::Timeout.unavailable(outage))
}

const INACTIVE: Answer = Ok(Introspection::Inactive);

#[tokio::test(start_paused = true)]
async fn it_vouches_while_it_is_active_and_says_why_it_does_not() {
    for (answer, expected) in [
        (Ok(expires_in(None)), None),
        (INACTIVE, Some("it is inactive too")),
        (fault(Outage::TimedOut), Some("timed_out")),
        (fault(Outage::ServerError), Some("server_error")),
        (fault(Outage::OverBudget), Some("over_budget")),
        (Err(FaultSource::WebPage.malformed()), Some("malformed_answer")),
    ] {
        let setup = Setup::new(answer);
        let expected = expected.map(|why| NoWitness { witness: SETTING, why });
        assert_eq!(setup.canary.vouch().await.err(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn callers_share_its_questions() {
    let setup = Setup::new(Ok(expires_in(None)));
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let canary = setup.canary.clone();
        callers.spawn(async move { canary.vouch().await.is_ok() });
    }
    assert_eq!(callers.join_all().await, [true; 1_000]);
    assert!(setup.asked().len() <= 2, "{}", setup.asked().len());
}

#[tokio::test(start_paused = true)]
async fn it_is_not_given_up_in_a_fault_that_hits_all_tokens() {
    let setup = Setup::new(INACTIVE);
    setup.canary.heard_active();
    assert!(!setup.vouches().await);
    // This verdict was under way when the fault began.
    advance(Duration::from_millis(1)).await;
    setup.canary.heard_active();
    setup.stay_inactive(60).await;
    // A fault is no reason to give the canary up.
    setup.answer(fault(Outage::TimedOut));
    setup.canary.heard_active();
    assert!(!setup.vouches().await);
    assert!(!setup.is_given_up());
}

#[tokio::test(start_paused = true)]
async fn it_is_given_up_after_ten_minutes_in_which_others_are_active() {
    for minutes in [0, 5, 9] {
        let setup = Setup::new(INACTIVE);
        for _ in 0..minutes {
            setup.stay_inactive(1).await;
            setup.canary.heard_active();
        }
        assert!(!setup.vouches().await, "{minutes} minutes");
    }
    let setup = Setup::new(INACTIVE);
    for _ in 0..10 {
        setup.stay_inactive(1).await;
        setup.canary.heard_active();
    }
    assert!(setup.vouches().await);
    assert!(setup.is_given_up());
    let asked = setup.asked().len();
    for _ in 0..100 {
        assert!(setup.vouches().await);
    }
    assert_eq!(setup.asked().len(), asked, "a canary that was given up is not asked by callers");
    assert!(setup.canary.inactive_since().is_some(), "operators still see it");
}

#[tokio::test(start_paused = true)]
async fn an_active_answer_begins_the_ten_minutes_anew() {
    let setup = Setup::new(INACTIVE);
    setup.stay_inactive(9).await;
    setup.answer(Ok(expires_in(None)));
    assert!(setup.vouches().await);
    setup.answer(INACTIVE);
    for _ in 0..9 {
        setup.stay_inactive(1).await;
        setup.canary.heard_active();
    }
    assert!(!setup.vouches().await);
}

async fn given_up() -> Setup {
    let setup = Setup::new(INACTIVE);
    setup.stay_inactive(10).await;
    setup.canary.heard_active();
    assert!(setup.vouches().await && setup.is_given_up());
    setup
}

async fn until(condition: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not happen");
}

#[tokio::test(start_paused = true)]
async fn it_is_taken_up_again_when_it_is_active_or_its_file_changes() {
    let setup = given_up().await;
    let _watching = tokio::spawn(setup.canary.watch_regularly());
    setup.answer(Ok(expires_in(None)));
    until(|| !setup.is_given_up()).await;
    setup.answer(INACTIVE);
    assert!(!setup.vouches().await);

    let setup = given_up().await;
    let _watching = tokio::spawn(setup.canary.watch_regularly());
    setup.write("second");
    until(|| !setup.is_given_up()).await;
    assert!(!setup.vouches().await);
    assert_eq!(setup.asked().last().unwrap(), "second");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_just_replaced_is_asked_about_at_once() {
    let setup = Setup::new(INACTIVE);
    setup.stay_inactive(1).await;
    setup.write("second");
    assert!(!setup.vouches().await);
    assert_eq!(setup.asked(), ["first", "first", "second"]);
    let since = setup.canary.inactive_since().unwrap();
    assert!(since.elapsed() < MINUTE, "its ten minutes are its own");
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_at_the_start_then_hourly_and_every_five_seconds_while_it_is_inactive() {
    let setup = Setup::new(Ok(expires_in(None)));
    let watching = tokio::spawn(setup.canary.watch_regularly());
    until(|| setup.asked().len() == 1).await;
    sleep(Duration::from_mins(50)).await;
    assert_eq!(setup.asked().len(), 1);
    sleep(Duration::from_mins(20)).await;
    assert_eq!(setup.asked().len(), 2);
    setup.answer(INACTIVE);
    assert!(!setup.vouches().await);
    let asked = setup.asked().len();
    until(|| setup.asked().len() >= asked + 10).await;
    setup.answer(Ok(expires_in(None)));
    until(|| setup.canary.inactive_since().is_none()).await;
    drop(setup);
    timeout(Duration::from_mins(1), watching).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn its_end_is_told_fourteen_days_ahead_and_daily_at_most() {
    let days = |days| DAY * days;
    for (left, expected) in [
        (None, false),
        (Some(days(15)), false),
        (Some(days(14)), true),
        (Some(days(1)), true),
        (Some(Duration::ZERO), true),
    ] {
        let setup = Setup::new(Ok(expires_in(left)));
        assert!(setup.vouches().await);
        assert_eq!(setup.canary.0.state().expiry_said.is_some(), expected, "{left:?}");
    }
    let setup = Setup::new(Ok(expires_in(Some(days(10)))));
    let mut said = Vec::new();
    for _ in 0..72 {
        assert!(setup.vouches().await);
        said.push(setup.canary.0.state().expiry_said.unwrap());
        advance(Duration::from_hours(1)).await;
    }
    said.dedup();
    assert_eq!(said.len(), 3, "once a day");
}
