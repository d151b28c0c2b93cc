//! Tests of the time-outs of a connection, in paused time.

use tokio::time::timeout;

use super::*;

const LIMITS: Limits = Limits {
    header_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_secs(75),
    stall_timeout: Duration::from_secs(30),
};

/// Returns the seconds until the connection is overdue; `None` if that takes more than an hour.
async fn overdue_after(activity: &Activity) -> Option<u64> {
    let start = Instant::now();
    let overdue = timeout(Duration::from_secs(3600), activity.overdue(LIMITS)).await;
    overdue.is_ok().then(|| start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_has_the_time_of_a_head() {
    let activity = Activity::new(InFlight::default());
    assert_eq!(overdue_after(&activity).await, Some(10));
    activity.bytes_arrived();
    assert_eq!(overdue_after(&activity).await, Some(0), "dripping wins no time");
}

#[tokio::test(start_paused = true)]
async fn a_request_may_take_as_long_as_it_takes() {
    let activity = Activity::new(InFlight::default());
    activity.request_began(false);
    activity.request_began(false);
    activity.bytes_arrived();
    assert_eq!(overdue_after(&activity).await, None);
    activity.request_ended();
    assert_eq!(overdue_after(&activity).await, None);
}

#[tokio::test(start_paused = true)]
async fn between_two_requests_there_is_the_time_of_idling_until_the_next_head_begins() {
    let activity = Activity::new(InFlight::default());
    activity.request_began(false);
    activity.request_ended();
    assert_eq!(overdue_after(&activity).await, Some(75));
    activity.bytes_arrived();
    assert_eq!(overdue_after(&activity).await, Some(10));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_begins_while_the_connection_is_watched_is_overdue_in_its_own_time() {
    let activity = Activity::new(InFlight::default());
    activity.request_began(false);
    activity.request_ended();
    let (overdue, ()) = tokio::join!(overdue_after(&activity), async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        activity.bytes_arrived();
    });
    assert_eq!(overdue, Some(17));
}

#[tokio::test(start_paused = true)]
async fn a_ping_over_http_2_is_no_head() {
    let activity = Activity::new(InFlight::default());
    activity.bytes_arrived();
    assert_eq!(overdue_after(&activity).await, Some(10));
    activity.request_began(true);
    activity.request_ended();
    activity.bytes_arrived();
    assert_eq!(overdue_after(&activity).await, Some(75));
}

/// A connection is cut if its peer reads less than 1 KiB of a response in 30 s, and only then.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_is_cut_and_one_that_is_being_taken_is_not() {
    // Bytes that the peer reads every 7 s, seconds until it has all of them, second of the cut.
    let table = [
        (0, 3600, Some(30)),
        (1, 3600, Some(30)),
        (200, 3600, Some(30)),
        (256, 3600, None),
        (1024, 3600, None),
        (300_000, 3600, None),
    ];
    for (bytes, all_at, cut_at) in table {
        let activity = Activity::new(InFlight::default());
        activity.request_began(false);
        activity.request_ended();
        activity.writing_is_blocked();
        let start = Instant::now();
        let peer = async {
            while start.elapsed() < Duration::from_secs(all_at - 7) {
                tokio::time::sleep(Duration::from_secs(7)).await;
                activity.bytes_left(bytes);
                activity.writing_is_blocked();
            }
        };
        let overdue = tokio::select! {
            biased;
            overdue = activity.overdue(LIMITS) => Some((start.elapsed().as_secs(), overdue)),
            () = peer => None,
        };
        assert_eq!(overdue, cut_at.map(|at| (at, Overdue::Stalled)), "{bytes} bytes in 7 s");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_until_the_next_request_begins_when_the_answer_was_taken() {
    let activity = Activity::new(InFlight::default());
    activity.request_began(false);
    activity.request_ended();
    activity.writing_is_blocked();
    tokio::time::sleep(Duration::from_secs(29)).await;
    activity.bytes_left(10);
    activity.everything_is_written();
    assert_eq!(overdue_after(&activity).await, Some(75));
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_nothing_to_say_and_a_handler_that_computes_are_no_stall() {
    let activity = Activity::new(InFlight::default());
    activity.request_began(false);
    activity.writing_is_blocked();
    activity.everything_is_written();
    assert_eq!(overdue_after(&activity).await, None);
}

#[tokio::test]
async fn a_request_is_in_flight_until_the_socket_has_its_answer() {
    let in_flight = InFlight::default();
    let activity = Activity::new(in_flight.clone());
    activity.request_began(false);
    activity.writing_is_blocked();
    activity.request_ended();
    assert_eq!(in_flight.count(), 1, "blocked before its body was handed over");
    activity.everything_is_written();
    assert_eq!(in_flight.count(), 0);
    activity.request_began(false);
    activity.request_ended();
    activity.writing_is_blocked();
    activity.writing_is_blocked();
    assert_eq!(in_flight.count(), 1, "blocked after that");
    assert!(!activity.is_idle());
    drop(activity);
    assert_eq!(in_flight.count(), 0, "the connection was cut");
}
