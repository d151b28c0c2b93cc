use super::*;

const SECOND: Duration = Duration::from_secs(1);

async fn waited(schedule: &mut Schedule) -> Duration {
    let before = Instant::now();
    schedule.wait().await;
    before.elapsed()
}

fn is_about(time: Duration, expected: Duration) -> bool {
    let part = time.as_secs_f64() / expected.as_secs_f64();
    (0.79..=1.21).contains(&part)
}

#[tokio::test(start_paused = true)]
async fn polls_begin_an_interval_apart_and_not_in_step() {
    let mut schedule = Schedule::new(SECOND);
    assert_eq!(waited(&mut schedule).await, Duration::ZERO);
    let mut waits = Vec::new();
    for _ in 0..20 {
        waits.push(waited(&mut schedule).await);
    }
    assert!(waits.iter().all(|wait| is_about(*wait, SECOND)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_ring_begins_a_poll_but_never_more_than_five_a_second() {
    let mut schedule = Schedule::new(SECOND);
    let bell = schedule.bell();
    schedule.wait().await;
    for _ in 0..10 {
        bell.ring();
        bell.ring();
        let wait = waited(&mut schedule).await;
        assert!((200..210).contains(&wait.as_millis()), "{wait:?}");
    }
    assert!(is_about(waited(&mut schedule).await, SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_429_doubles_the_wait_whatever_rings() {
    let mut schedule = Schedule::new(SECOND);
    schedule.wait().await;
    for secs in [2, 4, 8, 16, 30, 30] {
        schedule.slow_down(None);
        schedule.bell().ring();
        assert_eq!(waited(&mut schedule).await.as_secs(), secs);
    }
    schedule.go_on();
    assert!(is_about(waited(&mut schedule).await, SECOND));
    for (asked, heeded) in [(7, 7), (1, 4), (3_600, 30)] {
        schedule.slow_down(Some(Duration::from_secs(asked)));
        assert_eq!(waited(&mut schedule).await.as_secs(), heeded);
    }
}
