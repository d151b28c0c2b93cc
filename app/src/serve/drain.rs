//! Lets the requests of each connection end at a stop.

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::activity::Activity;

/// Time for requests that were on their way when the listener was closed.
const ON_THEIR_WAY: Duration = Duration::from_secs(1);
/// Time between two checks of a connection that should end.
const LOOK: Duration = Duration::from_millis(50);

/// Phase of the stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Connections are accepted.
    Open,
    /// None is accepted; requests on their way are served. HTTP/2 clients are told to leave.
    Leaving,
    /// No new request is served.
    Closing,
}

/// Waits until requests in flight and on their way have ended, without a time limit of its own.
pub(super) async fn drain(phase: &watch::Sender<Phase>, connections: &mut JoinSet<()>) {
    phase.send_replace(Phase::Leaving);
    if timeout(ON_THEIR_WAY, all(connections)).await.is_err() {
        phase.send_replace(Phase::Closing);
        all(connections).await;
    }
}

async fn all(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// Waits until a connection is idle at two checks in a row: the last bytes of an answer that was
/// just handed over are written between them.
pub(super) async fn idle(activity: &Activity) {
    let mut was_idle = false;
    loop {
        let is_idle = activity.is_idle();
        if is_idle && was_idle {
            return;
        }
        was_idle = is_idle;
        sleep(LOOK).await;
    }
}
