//! Accepts connections, drains and stops.

mod activity;
mod answer_body;
mod connection;
mod connection_share;
mod drain;
mod foreign_protocol;
mod http2_stream;
mod in_flight;
mod lingering;
mod listener;
mod metered_stream;
mod request_body;
mod request_head;
mod socket_options;
mod stall_timer;
mod stalls;

use std::{
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use adapters::zitadel::CurrentCredentials;
use axum::Router;
use metrics::{Gauge, gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use tracing::warn;

use crate::{admin::Admin, client::Networks, config, doorbell::Doorbell};
use activity::Limits;
use connection::Connections;
use connection_share::{ConnectionShares, Share};
use drain::Phase;
use in_flight::InFlight;
pub(crate) use listener::listen as listen_on;
use request_head::RequestHeads;
use stalls::Stalls;

/// Pause after a failed accept, as when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Handle of a running server. Dropping it stops the server too.
#[derive(Debug)]
pub struct Running {
    local_address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Stopped>,
    draining: Arc<AtomicBool>,
    /// Listener for operators, which stays open to the end.
    admin: Option<Admin>,
    /// Listener for ZITADEL's webhook, likewise.
    doorbell: Option<Doorbell>,
    /// This API's credentials, if they may change while it runs.
    credentials: Option<Arc<CurrentCredentials>>,
}

/// Result of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Number of requests that were still in flight after the grace, and were cut off.
    pub cut_off: usize,
}

impl Running {
    /// Returns the address that the server listens on.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Returns the address of the listener for operators, if there is one.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.local_address)
    }

    /// Returns the address of the listener for ZITADEL's webhook, if there is one.
    #[must_use]
    pub fn webhook_address(&self) -> Option<SocketAddr> {
        self.doorbell.as_ref().map(|doorbell| doorbell.local_address)
    }

    /// Returns a flag that is set once the stop has begun.
    pub(crate) fn draining(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.draining)
    }

    pub(crate) fn with_admin(self, admin: Admin) -> Self {
        Self { admin: Some(admin), ..self }
    }

    pub(crate) fn with_doorbell(self, doorbell: Doorbell) -> Self {
        Self { doorbell: Some(doorbell), ..self }
    }

    pub(crate) fn with_credentials(self, credentials: Option<Arc<CurrentCredentials>>) -> Self {
        Self { credentials, ..self }
    }

    /// Reads the files with this API's credentials again, as the server does every five seconds by
    /// itself. `None` if no file holds them.
    #[must_use]
    pub fn read_credentials_again(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let credentials = Arc::clone(self.credentials.as_ref()?);
        Some(async move {
            credentials.look().await;
        })
    }

    /// Serves for the drain delay, each HTTP/1.1 answer with `Connection: close`; then accepts no
    /// more connections, lets requests in flight end, and cuts off those left after the grace.
    pub async fn stop(self) -> Stopped {
        // Fails if the server has ended by itself.
        let _ = self.stop.send(());
        // A panic of the server's own task is not a clean stop.
        self.served.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

/// Ends the streams that would otherwise go on until their clients end them.
pub(crate) type StopStreams = Box<dyn FnOnce() + Send>;

/// Serves `router` until it is stopped; `stop_streams` is called once the listener is closed. It
/// registers its metrics at the current recorder.
pub(crate) fn serve(
    listener: TcpListener,
    local_address: SocketAddr,
    router: Router,
    config: &config::Server,
    stop_streams: StopStreams,
) -> Running {
    let per_address = config.max_connections_per_address();
    let shares = ConnectionShares::new(per_address, config.trusted_proxies.with_loopback());
    serve_by(shares, listener, local_address, router, config, stop_streams)
}

fn serve_by(
    shares: ConnectionShares,
    listener: TcpListener,
    local_address: SocketAddr,
    router: Router,
    config: &config::Server,
    stop_streams: StopStreams,
) -> Running {
    let (stop, stopped) = oneshot::channel();
    let draining = Arc::new(AtomicBool::new(false));
    let connections = Connections::new(router, config, "api", Arc::clone(&draining));
    let max_connections = config.max_connections.get();
    let open = gauge!("http_server_connections");
    let server = Server::new(listener, max_connections, shares, connections, open);
    let served = server.run(stopped, config.drain_delay, config.shutdown_grace, stop_streams);
    let served = tokio::spawn(served);
    Running {
        local_address,
        stop,
        served,
        draining,
        admin: None,
        doorbell: None,
        credentials: None,
    }
}

/// Slot of a connection, until its socket is closed: an upgraded connection keeps it.
#[derive(Debug)]
struct Place {
    open: Gauge,
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

impl Place {
    fn new(permit: OwnedSemaphorePermit, share: Share, open: Gauge) -> Self {
        open.increment(1);
        Self { open, _permit: permit, _share: share }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.decrement(1);
    }
}

/// Serves `router` on a listener beside the API's until the future is dropped, with the API's
/// time-outs and its own `max_connections`. `name` is the listener's in metrics.
pub(crate) fn serve_aside(
    listener: TcpListener,
    (name, max_connections): (&'static str, NonZeroUsize),
    router: Router,
    config: &config::Server,
) -> impl Future<Output = ()> + Send + use<> {
    let connections = Connections::new(router, config, name, Arc::default());
    let shares = ConnectionShares::new(max_connections, Networks::default());
    let max_connections = max_connections.get();
    let mut server = Server::new(listener, max_connections, shares, connections, Gauge::noop());
    async move { server.accept_until(pending::<()>()).await }
}

impl Connections {
    fn new(
        router: Router,
        config: &config::Server,
        listener: &'static str,
        draining: Arc<AtomicBool>,
    ) -> Self {
        let limits = Limits {
            header_timeout: config.header_timeout,
            idle_timeout: config.idle_timeout,
            stall_timeout: config.stall_timeout,
        };
        Self {
            router,
            limits,
            stalls: Stalls::new(limits.stall_timeout, listener),
            heads: Arc::new(RequestHeads::new()),
            foreign: Arc::default(),
            in_flight: InFlight::default(),
            draining,
            proxies: Arc::new(config.trusted_proxies.clone()),
            phase: watch::Sender::new(Phase::Open),
        }
    }
}

struct Server {
    listener: TcpListener,
    /// Slots for connections; further ones wait to be accepted.
    places: Arc<Semaphore>,
    /// Bounds the connections of one address.
    shares: ConnectionShares,
    connections: Connections,
    /// Number of open connections, as a metric.
    open: Gauge,
    tasks: JoinSet<()>,
}

impl Server {
    fn new(
        listener: TcpListener,
        max_connections: usize,
        shares: ConnectionShares,
        connections: Connections,
        open: Gauge,
    ) -> Self {
        let places = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
        Self { listener, places, shares, connections, open, tasks: JoinSet::new() }
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
                accepted = accept(&self.listener, &self.places) => match accepted {
                    Ok((stream, peer, place)) => {
                        // A connection beyond the share of its address is closed at once.
                        if let Some(share) = self.shares.enter(peer) {
                            let place = Place::new(place, share, self.open.clone());
                            self.tasks.spawn(self.connections.serve(stream, peer, place));
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

/// Accepts the next connection once a slot is free.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let closed = |error: AcquireError| io::Error::other(error);
    let place = Arc::clone(places).acquire_owned().await.map_err(closed)?;
    let (stream, peer) = listener.accept().await?;
    // An answer is one segment or a few, which need not wait for more.
    stream.set_nodelay(true)?;
    Ok((stream, peer.ip(), place))
}

#[cfg(test)]
mod tests;
