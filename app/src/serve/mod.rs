//! Bind, accept, drain, stop.

mod in_flight;

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tower::Service;
use tracing::{error, warn};

use in_flight::InFlight;

/// How long the listener rests after it could not accept, as when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The longest list of request headers over HTTP/2, in bytes: the longest access token fits.
const MAX_HEADER_LIST: u32 = 64 * 1024;

/// A server that runs, and the handle to stop it. Dropping the handle stops it too.
#[derive(Debug)]
pub struct Running {
    local_address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Stopped>,
}

/// How a server stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Requests that were still in flight when the grace was over, and were cut off.
    pub cut_off: usize,
}

impl Running {
    /// The address that the server listens on.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Accepts nothing more, lets requests in flight end, and cuts off what is left after the
    /// grace.
    pub async fn stop(self) -> Stopped {
        // Nobody listens any more when the server has ended by itself.
        let _ = self.stop.send(());
        self.served.await.unwrap_or_else(|error| {
            error!(%error, "the server broke off");
            Stopped { cut_off: 0 }
        })
    }
}

/// Serves `router` until it is stopped.
pub(crate) fn serve(
    listener: TcpListener,
    local_address: SocketAddr,
    router: Router,
    grace: Duration,
) -> Running {
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(run(listener, router, grace, stopped));
    Running { local_address, stop, served }
}

async fn run(
    listener: TcpListener,
    router: Router,
    grace: Duration,
    mut stopped: oneshot::Receiver<()>,
) -> Stopped {
    let in_flight = InFlight::default();
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _peer)) => {
                    connections.spawn(connection(stream, &router, &in_flight, &graceful));
                }
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    if timeout(grace, graceful.shutdown()).await.is_ok() {
        return Stopped { cut_off: 0 };
    }
    let cut_off = in_flight.count();
    warn!(cut_off, "the grace is over: requests in flight are cut off");
    connections.shutdown().await;
    Stopped { cut_off }
}

/// One connection, HTTP/1.1 or HTTP/2 with prior knowledge.
fn connection(
    stream: TcpStream,
    router: &Router,
    in_flight: &InFlight,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    let router = router.clone();
    let in_flight = in_flight.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let guard = in_flight.enter();
        let answer = router.clone().call(request.map(Body::new));
        async move { answer.await.map(|response| response.map(|body| guard.attach(body))) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new()).max_header_list_size(MAX_HEADER_LIST);
    let connection =
        builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    let connection = graceful.watch(connection);
    async move {
        // What goes wrong with a connection is the peer's doing, and no request of ours.
        let _ = connection.await;
    }
}
