use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{ActiveToken, Principal, Subject, TokenId, Unusable};

use super::{
    super::{
        FeedWitness,
        scripted::{World, pass, world},
    },
    *,
};
use crate::{decorators::Witness, recorded::Recorded};

fn answer(subject: &str) -> ActiveToken {
    let subject = Subject::parse(subject).ok();
    ActiveToken {
        id: TokenId::parse("1").ok(),
        principal: Arc::new(Principal { subject, ..Principal::default() }),
        ..ActiveToken::default()
    }
}

impl World {
    fn judge(&self, asked: Moment, answer: &ActiveToken) -> Result<(), Unusable> {
        let (now, watermark) = (self.clocks.now(), self.changes.watermark());
        self.changes.judge(now, watermark, asked, &self.changes.concerned(answer))
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_used_until_a_change_is_told() {
    let world = world();
    let asked = world.clocks.now();
    for _ in 0..100 {
        pass(1).await;
        world.tell(Vec::new(), Some(world.clocks.now()));
        pass(1).await;
        assert_eq!(world.judge(asked, &answer("ada")), Ok(()));
    }
    let ada = Change::Subject(Subject::parse("ada").unwrap());
    world.tell(vec![ada], Some(world.clocks.now()));
    pass(1).await;
    assert_eq!(world.judge(asked, &answer("ada")), Err(Unusable::Changed));
    assert_eq!(world.judge(asked, &answer("bob")), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn changes_that_are_told_before_the_rest_are_applied_and_move_no_watermark() {
    let world = world();
    world.tell(Vec::new(), Some(world.clocks.now()));
    pass(1).await;
    let (asked, before) = (world.clocks.now(), world.changes.watermark());
    let ada = Change::Subject(Subject::parse("ada").unwrap());
    world.tell(vec![ada], None);
    pass(1).await;
    assert_eq!(world.judge(asked, &answer("ada")), Err(Unusable::Changed));
    assert_eq!(world.changes.watermark(), before);
    pass(3).await;
    assert_eq!(world.judge(asked, &answer("bob")), Err(Unusable::Silent));
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_falls_silent_is_told_with_its_reason_and_one_that_is_back_too() {
    let world = world();
    world.tell(Vec::new(), Some(world.clocks.now()));
    pass(3).await;
    assert!(world.feed.told().silent.is_none());
    world.fall_silent("timed_out");
    pass(1).await;
    let told = world.feed.told();
    assert_eq!((told.silences, told.silent.unwrap().1), (1, "timed_out"));
    world.tell(Vec::new(), Some(world.clocks.now()));
    pass(1).await;
    assert!(world.feed.told().silent.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_look_from_before_the_call_does_not_vouch_and_one_after_it_does() {
    let world = world();
    let rung = Arc::new(AtomicUsize::new(0));
    let bell = Arc::clone(&rung);
    let ring = Arc::new(move || {
        bell.fetch_add(1, Ordering::SeqCst);
    });
    let witness = FeedWitness::new(world.feed.clone(), ring, world.clocks.clone(), "a.setting");
    let silence = || world.fall_silent("timed_out");

    let early = world.clocks.now();
    pass(1).await;
    let mut vouching = pin!(witness.vouch());
    world.tell(Vec::new(), Some(early));
    assert!(timeout(Duration::from_secs(1), &mut vouching).await.is_err());
    // The poll that was under way fails. The next one succeeds.
    silence();
    assert!(timeout(Duration::from_secs(1), &mut vouching).await.is_err());
    world.tell(Vec::new(), None);
    assert!(timeout(Duration::from_secs(1), &mut vouching).await.is_err());
    world.tell(Vec::new(), Some(world.clocks.now()));
    assert_eq!(vouching.await, Ok(()));
    assert_eq!(rung.load(Ordering::SeqCst), 2);

    pass(1).await;
    let mut vouching = pin!(witness.vouch());
    assert!(timeout(Duration::from_secs(1), &mut vouching).await.is_err());
    silence();
    assert!(timeout(Duration::from_secs(1), &mut vouching).await.is_err());
    silence();
    assert_eq!(vouching.await.unwrap_err().witness, "a.setting");
}

#[tokio::test(start_paused = true)]
async fn it_is_followed_for_as_long_as_it_is_used() {
    let world = world();
    world.tell(Vec::new(), Some(world.clocks.now()));
    pass(1).await;
    let World { tell, changes, feed, clocks } = world;
    drop(changes);
    tell.send(Ok(Batch { changes: Vec::new(), as_of: Some(clocks.now()) })).unwrap();
    pass(1).await;
    assert!(feed.wait_for(|_| false).await.is_none(), "the follower has ended");
}

#[tokio::test(start_paused = true)]
async fn looks_and_changes_are_counted_by_result_and_kind() {
    let recorded = Recorded::new();
    let world = recorded.scope(world);
    let ada = Change::Subject(Subject::parse("ada").unwrap());
    world.tell(vec![ada, Change::Everything], Some(world.clocks.now()));
    for reason in ["timed_out", "timed_out", "of_another_kind"] {
        world.fall_silent(reason);
    }
    pass(2).await;
    for (name, value) in [
        (r#"change_feed_polls_total{result="ok"}"#, "1"),
        (r#"change_feed_polls_total{result="timed_out"}"#, "2"),
        (r#"change_feed_polls_total{result="server_error"}"#, "0"),
        (r#"change_feed_polls_total{result="other"}"#, "1"),
        (r#"change_feed_changes_total{kind="subject"}"#, "1"),
        (r#"change_feed_changes_total{kind="everything"}"#, "1"),
        (r#"change_feed_changes_total{kind="role"}"#, "0"),
        ("change_feed_age_seconds", "2"),
    ] {
        assert_eq!(recorded.value(name).as_deref(), Some(value), "{name}");
    }
}
