//! Lets the requests of all connections end during the shutdown.

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::activity::Activity;

/// Time for which requests are still served after the listener was closed: clients may have sent
/// them before.
const ON_THEIR_WAY: Duration = Duration::from_secs(1);
/// Interval at which [`idle`] checks a connection.
const LOOK: Duration = Duration::from_millis(50);

/// Phase of the shutdown of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Before the shutdown: new connections are accepted.
    Open,
    /// First phase of the shutdown: no connection is accepted; requests on their way are served.
    /// HTTP/2 clients get GOAWAY.
    Leaving,
    /// Last phase of the shutdown: requests in progress may end; no new one is served.
    Closing,
}

/// Ends each connection once its requests have ended. Sets `phase`, which the connections watch, to
/// `Leaving`, then, if needed, to `Closing`. The caller sets a time limit.
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

/// Waits until two checks in a row find the connection idle: the last bytes of a response may be
/// written only after the first check.
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
