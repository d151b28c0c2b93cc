use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use domain::{Change, Organization, OrganizationId, Principal, Role, SessionId, Subject, TokenId};
use futures_util::FutureExt;
use tokio::{
    task::{JoinHandle, yield_now},
    time::Instant,
};

use super::{
    super::scripted::{MAX_STALENESS, World, pass, world},
    *,
};

const SETTLE: Duration = Duration::from_secs(5);
const LAG: Duration = Duration::from_mins(2);
/// Time after which these tests expect no further signal that a verdict must be obtained anew.
const LONG: Duration = Duration::from_mins(30);

fn watch(world: &World) -> FeedWatch {
    FeedWatch::new(Arc::clone(&world.changes), world.clocks.clone())
}

fn answer(subject: &str, organization: &str, session: &str, role: &str) -> ActiveToken {
    let of_role =
        Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
    ActiveToken {
        id: TokenId::parse(&format!("{session}-at_1")).ok().map(|id| id.in_session(session)),
        principal: Arc::new(Principal {
            subject: Subject::parse(subject).ok(),
            organization: OrganizationId::parse(organization).ok(),
            roles: [(Role::parse(role).unwrap(), of_role)].into_iter().collect(),
            ..Principal::default()
        }),
        ..ActiveToken::default()
    }
}

fn ada() -> ActiveToken {
    answer("ada", "acme", "V2_1", "read")
}

fn subject(name: &str) -> Change {
    Change::Subject(Subject::parse(name).unwrap())
}

/// Spawns a task that ends when the watch signals that a change put the verdict `token` in doubt.
fn wait(world: &World, token: ActiveToken) -> JoinHandle<()> {
    let watch = watch(world);
    let asked = watch.now();
    tokio::spawn(async move { watch.doubted(&token, asked).await })
}

/// Obtains the verdict `token`, first at `asked` and anew at each signal of the watch, until no
/// signal comes for 30 minutes. Returns the time from the call to each signal.
async fn doubts(world: &World, token: &ActiveToken, asked: Tick) -> Vec<Duration> {
    let (watch, began) = (watch(world), Instant::now());
    let (mut asked, mut doubts) = (asked, Vec::new());
    while timeout(LONG, watch.doubted(token, asked)).await.is_ok() {
        doubts.push(began.elapsed());
        assert!(doubts.len() < 1_000, "it ends");
        asked = watch.now();
    }
    doubts
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_change_wakes_those_that_it_concerns_and_no_other() {
    let session = |id| SessionId::parse(id).unwrap();
    for (change, wakes_ada) in [
        (Change::Token(TokenId::parse("V2_1-at_1").unwrap()), true),
        (Change::Token(TokenId::parse("V2_1-at_2").unwrap()), false),
        (Change::Session(session("V2_1")), true),
        (Change::Session(session("V2_3")), false),
        (Change::Refreshed(session("V2_1")), false),
        (subject("ada"), true),
        (subject("eve"), false),
        (Change::RolesOf(Subject::parse("ada").unwrap()), true),
        (Change::Role(Role::from_static("read")), true),
        (Change::Role(Role::from_static("admin")), false),
        (Change::Organization(OrganizationId::from_static("acme")), true),
        (Change::Organization(OrganizationId::from_static("else")), false),
        (Change::Everything, true),
    ] {
        let mut woken = Vec::new();
        // Two names share a slot by chance once in 65 536 worlds, so never in all of three.
        for _ in 0..3 {
            let world = world();
            let [ada, bob] =
                [ada(), answer("bob", "other", "V2_2", "write")].map(|token| wait(&world, token));
            pass(10).await;
            world.tell(vec![change.clone()], None);
            pass(10).await;
            woken.push([ada.is_finished(), bob.is_finished()]);
        }
        let [ada, bob] = [0, 1].map(|who| woken.iter().all(|woken| woken[who]));
        assert_eq!([ada, bob], [wakes_ada, change == Change::Everything], "{change:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_roles_wakes_at_once_and_each_max_staleness_while_roles_may_lag() {
    let world = world();
    let asked = watch(&world).now();
    pass(10).await;
    world.tell(vec![Change::RolesOf(Subject::parse("ada").unwrap())], None);
    let doubts = doubts(&world, &ada(), asked).await;
    assert!(doubts[0] < Duration::from_millis(10), "{doubts:?}");
    for pair in doubts.windows(2) {
        let time = pair[1].saturating_sub(pair[0]);
        assert!((3_000..3_010).contains(&time.as_millis()), "{time:?} in {doubts:?}");
    }
    let last = *doubts.last().unwrap();
    let end = LAG + MAX_STALENESS;
    assert!(end < last && last < end + 2 * MAX_STALENESS, "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn another_change_wakes_at_once_and_each_max_staleness_while_it_settles() {
    let world = world();
    let asked = watch(&world).now();
    pass(10).await;
    world.tell(vec![subject("ada")], None);
    let doubts = doubts(&world, &ada(), asked).await;
    assert_eq!(doubts.len(), 3, "at 0, 3 and 6 s: {doubts:?}");
    assert!(doubts[2] >= SETTLE, "{doubts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_change_while_nothing_waits_is_no_change_that_is_missed() {
    let world = world();
    let (watch, ada) = (watch(&world), ada());
    let asked = watch.now();
    {
        let mut waiting = pin!(watch.doubted(&ada, asked));
        assert!(timeout(MAX_STALENESS, &mut waiting).await.is_err());
    }
    world.tell(vec![subject("ada")], None);
    pass(1).await;
    assert!(timeout(Duration::from_millis(1), watch.doubted(&ada, asked)).await.is_ok());
}

// Otherwise a stream in doubt would introspect without end while the clock stands still.
#[tokio::test(start_paused = true)]
async fn no_verdict_has_the_tick_of_a_mark_and_each_mark_is_before_it_or_not() {
    let (world, ada) = (world(), ada());
    let watch = watch(&world);
    let mut before = watch.now();
    for _ in 0..3 {
        world.tell(vec![subject("ada")], None);
        yield_now().await;
        assert_eq!(watch.doubted(&ada, before).now_or_never(), Some(()));
        before = watch.now();
        assert_eq!(watch.doubted(&ada, before).now_or_never(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_wakes_while_nothing_changes_or_the_feed_is_silent() {
    let world = world();
    let polls = Arc::new(AtomicUsize::new(0));
    let (watch, ada, counter) = (watch(&world), ada(), Arc::clone(&polls));
    let waiting = tokio::spawn(async move {
        let mut doubted = pin!(watch.doubted(&ada, watch.now()));
        poll_fn(|context| {
            counter.fetch_add(1, Ordering::SeqCst);
            doubted.as_mut().poll(context)
        })
        .await;
    });
    for _ in 0..100 {
        world.tell(Vec::new(), Some(world.clocks.now()));
        pass(1).await;
        world.fall_silent("timed_out");
        pass(10).await;
    }
    assert!(world.feed.told().silent.is_some());
    assert_eq!((waiting.is_finished(), polls.load(Ordering::SeqCst)), (false, 1));
    world.tell(vec![subject("ada")], None);
    timeout(MAX_STALENESS, waiting).await.unwrap().unwrap();
}
