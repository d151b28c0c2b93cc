use domain::Outage;
use tokio::task::{JoinHandle, JoinSet, yield_now};

use super::{
    super::gated::{Gated, active, outage, token, word},
    *,
};

fn nothing_is_left(coalesced: &Coalesced<Gated>) -> bool {
    format!("{coalesced:?}").contains("under_way: 0")
}

fn spawn(coalesced: &Arc<Coalesced<Gated>>, text: &'static str) -> JoinHandle<Answer> {
    let coalesced = Arc::clone(coalesced);
    tokio::spawn(async move { coalesced.introspect(&token(text)).await })
}

#[tokio::test]
async fn many_callers_with_one_token_ask_once() {
    let gated = Gated::closed();
    let coalesced = Arc::new(Coalesced::new(gated.clone()));
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let coalesced = Arc::clone(&coalesced);
        callers.spawn(async move { coalesced.introspect(&token("a")).await });
    }
    gated.wait_for_under_way(1).await;
    for _ in 0..200 {
        yield_now().await;
    }
    gated.open();
    for answer in callers.join_all().await {
        assert_eq!(answer.unwrap(), active("a"));
    }
    assert_eq!(gated.asked(), 1);
    assert!(nothing_is_left(&coalesced));
}

// incidents.md row 4: what is shared is about the token, and two tokens share nothing.
#[tokio::test]
async fn two_tokens_never_see_each_others_answer() {
    let gated = Gated::closed();
    let coalesced = Arc::new(Coalesced::new(gated.clone()));
    let (a, b) = (spawn(&coalesced, "a"), spawn(&coalesced, "b"));
    gated.wait_for_under_way(2).await;
    gated.open();
    assert_eq!(a.await.unwrap().unwrap(), active("a"));
    assert_eq!(b.await.unwrap().unwrap(), active("b"));
}

// incidents.md row 5: the first caller's leaving harms nobody.
#[tokio::test]
async fn the_call_goes_on_when_its_first_caller_leaves() {
    let gated = Gated::closed();
    let coalesced = Arc::new(Coalesced::new(gated.clone()));
    let first = spawn(&coalesced, "a");
    gated.wait_for_under_way(1).await;
    let second = spawn(&coalesced, "a");
    yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gated.open();
    assert_eq!(word(&second.await.unwrap()), "active");
    assert_eq!(gated.asked(), 1);
}

#[tokio::test]
async fn the_call_ends_when_nobody_waits_and_leaves_nothing_behind() {
    let gated = Gated::closed();
    let coalesced = Arc::new(Coalesced::new(gated.clone()));
    let callers = [spawn(&coalesced, "a"), spawn(&coalesced, "a")];
    gated.wait_for_under_way(1).await;
    for caller in callers {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    gated.wait_for_under_way(0).await;
    assert!(nothing_is_left(&coalesced));
    gated.open();
    assert_eq!(word(&coalesced.introspect(&token("a")).await), "active");
    assert_eq!(gated.asked(), 2);
}

#[tokio::test]
async fn a_fault_is_for_those_who_wait_and_for_nobody_after_them() {
    let gated = Gated::closed();
    let coalesced = Arc::new(Coalesced::new(gated.clone()));
    gated.answer(Some(outage(Outage::ServerError)));
    let callers = [spawn(&coalesced, "a"), spawn(&coalesced, "a")];
    gated.wait_for_under_way(1).await;
    yield_now().await;
    gated.open();
    for caller in callers {
        assert_eq!(word(&caller.await.unwrap()), "server_error");
    }
    gated.answer(None);
    assert_eq!(word(&coalesced.introspect(&token("a")).await), "active");
    assert_eq!(gated.asked(), 2);
}

#[tokio::test]
async fn whoever_comes_after_the_answer_asks_anew() {
    let gated = Gated::opened();
    let coalesced = Coalesced::new(gated.clone());
    for asked in 1..=3 {
        assert_eq!(word(&coalesced.introspect(&token("a")).await), "active");
        assert_eq!(gated.asked(), asked);
    }
}

#[tokio::test]
async fn an_old_call_that_ends_late_takes_no_newer_one_off_the_list() {
    let calls = Arc::<Calls>::default();
    let newer = async { Ok(Introspection::Inactive) }.boxed().shared();
    let joinable = Joinable { number: 2, call: newer.downgrade().unwrap(), span: Span::none() };
    calls.lock().by_token.insert(token("a"), joinable);
    drop(OnList { calls: Arc::clone(&calls), token: token("a"), number: 1 });
    assert_eq!(calls.lock().by_token.len(), 1);
    drop(OnList { calls: Arc::clone(&calls), token: token("a"), number: 2 });
    assert_eq!(calls.lock().by_token.len(), 0);
    drop(newer);
}

/// An introspector whose call, when it is given up, begins another one for the same token.
struct Successive {
    gated: Gated,
    coalesced: Mutex<Option<Arc<Coalesced<Self>>>>,
    next: Mutex<Option<Shared<Call>>>,
}

struct GivenUp<'a>(&'a Successive);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        let coalesced = self.0.coalesced.lock().unwrap().take();
        *self.0.next.lock().unwrap() = coalesced.map(|coalesced| coalesced.call(&token("a")));
    }
}

#[async_trait]
impl TokenIntrospector for Successive {
    async fn introspect(&self, token: &AccessToken<'_>) -> Answer {
        let _given_up = GivenUp(self);
        self.gated.introspect(token).await
    }
}

// Between the end of a call and its leaving the list, another one may have taken its place.
#[tokio::test]
async fn a_call_that_ends_takes_no_other_call_off_the_list() {
    let gated = Gated::closed();
    let inner =
        Successive { gated: gated.clone(), coalesced: Mutex::default(), next: Mutex::default() };
    let coalesced = Arc::new(Coalesced::new(inner));
    *coalesced.inner.coalesced.lock().unwrap() = Some(Arc::clone(&coalesced));
    let first = tokio::spawn({
        let coalesced = Arc::clone(&coalesced);
        async move { coalesced.introspect(&token("a")).await }
    });
    gated.wait_for_under_way(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let next = coalesced.inner.next.lock().unwrap().take().unwrap();
    assert!(coalesced.call(&token("a")).ptr_eq(&next), "the next call is still on the list");
}
