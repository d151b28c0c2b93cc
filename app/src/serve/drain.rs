//! The stop, as each connection sees it.

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::activity::Activity;

/// Time for requests that were on their way when the listener was closed.
const ON_THEIR_WAY: Duration = Duration::from_secs(1);
/// Time between two looks at a connection that is to end.
const LOOK: Duration = Duration::from_millis(50);

/// How far the stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Connections are accepted.
    Open,
    /// None is accepted; requests that are on their way are served. HTTP/2 clients are told to go.
    Leaving,
    /// No new request is served.
    Closing,
}

/// Lets requests end: those in flight, and those that were on their way. It has no end of its own
/// while one goes on.
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

/// Waits until a connection is without a request. Two looks: the last bytes of an answer that was
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
