//! Accepts and serves connections, and lets them end at a shutdown.

mod activity;
mod answer_body;
mod connection;
mod connection_share;
mod connection_slot;
mod drain;
mod foreign_protocol;
mod http2_stream;
mod in_flight;
mod lingering;
mod listener;
mod metered_stream;
mod request_body;
mod request_head;
mod server_handle;
mod socket_options;
mod stall_timer;
mod stalls;

use std::{
    future::pending,
    io,
    net::IpAddr,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use metrics::{Gauge, gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::warn;

use crate::{client::Networks, config};
use connection::Connections;
use connection_share::ConnectionShares;
use connection_slot::ConnectionSlot;
pub(crate) use listener::listen as listen_on;
pub(crate) use server_handle::ServerHandle;
pub use server_handle::Stopped;

/// Pause after a connection could not be accepted, as when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Function that ends event streams at a shutdown; only their clients would end them otherwise.
pub(crate) type StopStreams = Box<dyn FnOnce() + Send>;

/// Serves the API's `router` until the returned handle stops the server. A shutdown closes the
/// listener, then calls `stop_streams`. The server's metrics are registered if the call runs within
/// `Metrics::scope`.
pub(crate) fn serve(
    listener: TcpListener,
    router: Router,
    config: &config::Server,
    stop_streams: StopStreams,
) -> ServerHandle {
    let per_address = config.max_connections_per_address();
    let shares = ConnectionShares::new(per_address, config.trusted_proxies.with_loopback());
    serve_by(shares, listener, router, config, stop_streams)
}

fn serve_by(
    shares: ConnectionShares,
    listener: TcpListener,
    router: Router,
    config: &config::Server,
    stop_streams: StopStreams,
) -> ServerHandle {
    let (stop, stopped) = oneshot::channel();
    let draining = Arc::new(AtomicBool::new(false));
    let connections = Connections::new(router, config, "api", Arc::clone(&draining));
    let max_connections = config.max_connections.get();
    let open = gauge!("http_server_connections");
    let acceptor = Acceptor::new(listener, max_connections, shares, connections, open);
    let served = acceptor.run(stopped, config.drain_delay, config.shutdown_grace, stop_streams);
    ServerHandle { stop, served: tokio::spawn(served), draining }
}

/// Serves `router` on a second listener, such as that for operators, until the returned future is
/// dropped. The time-outs are the API's, `max_connections` is for this listener alone, and `name`
/// is the listener's label in metrics.
pub(crate) fn serve_aside(
    listener: TcpListener,
    (name, max_connections): (&'static str, NonZeroUsize),
    router: Router,
    config: &config::Server,
) -> impl Future<Output = ()> + Send + use<> {
    let connections = Connections::new(router, config, name, Arc::default());
    let shares = ConnectionShares::new(max_connections, Networks::default());
    let max_connections = max_connections.get();
    let mut acceptor = Acceptor::new(listener, max_connections, shares, connections, Gauge::noop());
    async move { acceptor.accept_until(pending::<()>()).await }
}

struct Acceptor {
    listener: TcpListener,
    /// Semaphore that keeps the number of open connections within `max_connections`.
    slots: Arc<Semaphore>,
    shares: ConnectionShares,
    connections: Connections,
    /// Metric: number of open connections.
    open: Gauge,
    tasks: JoinSet<()>,
}

impl Acceptor {
    fn new(
        listener: TcpListener,
        max_connections: usize,
        shares: ConnectionShares,
        connections: Connections,
        open: Gauge,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
        Self { listener, slots, shares, connections, open, tasks: JoinSet::new() }
    }

    async fn run(
        mut self,
        stopped: oneshot::Receiver<()>,
        drain_delay: Duration,
        grace: Duration,
        stop_streams: StopStreams,
    ) -> Stopped {
        self.accept_until(stopped).await;
        self.connections.draining.store(true, Ordering::Relaxed);
        self.accept_until(sleep(drain_delay)).await;
        let Self { listener, connections, mut tasks, .. } = self;
        drop(listener);
        stop_streams();
        if timeout(grace, drain::drain(&connections.phase, &mut tasks)).await.is_ok() {
            return Stopped { cut_off: 0 };
        }
        let cut_off = connections.in_flight.count();
        warn!(cut_off, connections = tasks.len(), "the grace is over: what is left is cut off");
        tasks.shutdown().await;
        Stopped { cut_off }
    }

    async fn accept_until(&mut self, end: impl Future) {
        tokio::pin!(end);
        loop {
            tokio::select! {
                _ = &mut end => return,
                Some(_) = self.tasks.join_next() => {}
                accepted = accept(&self.listener, &self.slots) => match accepted {
                    Ok((stream, peer, permit)) => {
                        if let Some(share) = self.shares.enter(peer) {
                            let slot = ConnectionSlot::new(permit, share, self.open.clone());
                            self.tasks.spawn(self.connections.serve(stream, peer, slot));
                        }
                    }
                    Err(error) => {
                        warn!(%error, "cannot accept a connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }
}

/// Waits until fewer than `max_connections` are open, then accepts the listener's next connection.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let closed = |error: AcquireError| io::Error::other(error);
    let permit = Arc::clone(slots).acquire_owned().await.map_err(closed)?;
    let (stream, peer) = listener.accept().await?;
    // A response is one segment or a few, which need not wait for more.
    stream.set_nodelay(true)?;
    Ok((stream, peer.ip(), permit))
}

#[cfg(test)]
mod tests;
