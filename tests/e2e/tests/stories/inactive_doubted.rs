//! A database fault of ZITADEL makes good tokens inactive, but locks no user out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tests::{Answer, Api, with_feed};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use zitadel_double::{
    EventLogFault, NewUser, SessionToken, Times, TokenKind, UserState, ZitadelDouble,
};

const PRIVATE: &str = "/api/private";
const CALLERS: usize = 32;
const PATIENCE: Duration = Duration::from_secs(30);
/// Minimum duration of a fault.
const FAULT: Duration = Duration::from_millis(1500);

/// Returns the minimum number of requests in a fault; `FAULT_REQUESTS=100000` takes two minutes.
fn requests() -> u32 {
    std::env::var("FAULT_REQUESTS").map_or(1_000, |requests| requests.parse().unwrap())
}

/// Load on one API.
struct Load {
    callers: JoinSet<()>,
    ends: Arc<AtomicBool>,
    answered: Arc<AtomicU32>,
}

impl Load {
    /// Sends `kept` often and each of `others` once, with invented tokens in between.
    fn begin(api: &Api, kept: &Arc<Vec<String>>, others: &[String]) -> Self {
        let (ends, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (client, url) = (api.client().clone(), api.url(PRIVATE));
            let (ends, answered) = (Arc::clone(&ends), Arc::clone(&answered));
            let kept = Arc::clone(kept);
            let own: Vec<_> = others.iter().skip(caller).step_by(CALLERS).cloned().collect();
            callers.spawn(async move {
                let mut own = own.into_iter();
                let mut round = caller;
                while !ends.load(Ordering::Relaxed) {
                    round += 1;
                    let good = match round % 16 {
                        0 => own.next(),
                        1 => None,
                        _ => kept.get(round % kept.len()).cloned(),
                    };
                    let token = good.clone().unwrap_or_else(|| format!("invented-{round}"));
                    let answer = client.get(&url).bearer_auth(&token).send().await.unwrap();
                    let answer = Answer::read(answer).await;
                    answered.fetch_add(1, Ordering::Relaxed);
                    match answer.status.as_u16() {
                        200 => assert!(good.is_some(), "an invented token is let in"),
                        401 => assert!(good.is_none(), "a good token is told 401"),
                        503 => assert_eq!(answer.code(), "introspection_unavailable"),
                        status => panic!("{status}"),
                    }
                }
            });
        }
        Self { callers, ends, answered }
    }

    async fn runs(&self, time: Duration, requests: u32) {
        let began = Instant::now();
        while began.elapsed() < time || self.answered.load(Ordering::Relaxed) < requests {
            let patience = PATIENCE + Duration::from_millis(requests.into());
            assert!(began.elapsed() < patience, "{:?} answers", self.answered);
            assert!(!self.callers.is_empty());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(self) {
        self.ends.store(true, Ordering::Relaxed);
        self.callers.join_all().await;
    }
}

/// Makes tokens of a kind inactive under load, with the log fault that accompanies this, and
/// restarts the API meanwhile.
async fn no_good_token_is_told_401(kind: TokenKind, of_log: Option<EventLogFault>) {
    let double = ZitadelDouble::start().await;
    let service = double.add_user(NewUser::service("svc"));
    let person = double.add_user(NewUser::human("ada"));
    let tokens = |count: usize| -> Vec<String> {
        let sessions = (0..count).map(|_| double.session_token(&person, SessionToken::default()));
        sessions.flat_map(|session| [session, double.pat(&service)]).collect()
    };
    let (kept, others) = (Arc::new(tokens(16)), tokens(256));
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment.clone()).await;
    api.keeps(&double, &kept.iter().map(|token| &**token).collect::<Vec<_>>()).await;
    let (of_first, of_second) = others.split_at(others.len() / 2);

    let load = Load::begin(&api, &kept, of_first);
    load.runs(Duration::from_millis(200), 0).await;
    if let Some(fault) = of_log {
        double.event_log_fault(fault, Times::UntilCleared);
    }
    double.set_inactive_by_fault(kind, true);
    load.runs(FAULT, requests()).await;
    load.end().await;
    api.stop().await;
    let api = Api::start(environment).await;
    let load = Load::begin(&api, &kept, of_second);
    load.runs(FAULT, 0).await;
    double.set_inactive_by_fault(kind, false);
    double.clear_faults();
    load.runs(Duration::from_millis(500), 0).await;
    load.end().await;

    let over = Instant::now();
    for token in kept.iter().chain(&others) {
        loop {
            let answer = api.get(PRIVATE, token).await;
            if answer.status == 200 {
                break;
            }
            assert_eq!(answer.status, 503, "{}", answer.text);
            assert!(over.elapsed() < PATIENCE, "{}", answer.text);
        }
    }
}

// ZITADEL's event table is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn session_tokens_that_a_fault_calls_inactive_are_told_503() {
    no_good_token_is_told_401(TokenKind::Session, Some(EventLogFault::OrganizationMissing)).await;
}

// ZITADEL's token table is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personal_access_tokens_that_a_fault_calls_inactive_are_told_503() {
    no_good_token_is_told_401(TokenKind::Pat, Some(EventLogFault::TokenInvalid)).await;
}

// ZITADEL's user table is missing; the log can be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_every_kind_that_a_fault_calls_inactive_are_told_503() {
    no_good_token_is_told_401(TokenKind::All, None).await;
}

#[tokio::test]
async fn without_a_fault_a_token_that_ended_is_told_401() {
    let double = ZitadelDouble::start().await;
    let person = double.add_user(NewUser::human("ada"));
    let service = double.add_user(NewUser::service("svc"));
    let locked = double.add_user(NewUser::service("locked"));
    let session = || double.session_token(&person, SessionToken::default());
    let tokens = [session(), session(), double.pat(&service), double.pat(&locked)];
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    let [revoked, refreshed, removed, of_locked] = tokens.each_ref().map(|token| &**token);
    api.keeps(&double, &[revoked, refreshed, removed, of_locked]).await;
    double.revoke(revoked);
    double.refresh(refreshed);
    double.remove_pat(removed);
    double.set_user_state(&locked, UserState::Locked);
    let changed = Instant::now();
    for token in &tokens {
        api.denies_in_time(PRIVATE, token, changed).await;
    }
}
