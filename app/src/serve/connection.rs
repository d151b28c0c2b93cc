//! One connection: HTTP/1.1, or HTTP/2 with prior knowledge.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Version, header::CONNECTION},
};
use futures_util::future::{Either, ready};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::net::TcpStream;
use tower::Service;

use super::{
    Place,
    activity::{Activity, Patience},
    in_flight::InFlight,
    metered_stream::MeteredStream,
    request_head::RequestHeads,
};
use crate::client::{Networks, Peer};

/// The longest request head over HTTP/1.1, in bytes: the longest access token fits twice.
const MAX_HEAD: usize = 32 * 1024;
/// The longest list of request headers over HTTP/2, in bytes: the longest access token fits.
const MAX_HEADER_LIST: u32 = 32 * 1024;
/// The most requests of one connection at once over HTTP/2.
const MAX_STREAMS: u32 = 200;

/// What every connection shares.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) router: Router,
    pub(super) patience: Patience,
    pub(super) heads: Arc<RequestHeads>,
    pub(super) in_flight: InFlight,
    pub(super) graceful: GracefulShutdown,
    /// Whether clients are to go elsewhere with their next request.
    pub(super) draining: Arc<AtomicBool>,
    /// Peers that name their clients.
    pub(super) proxies: Arc<Networks>,
}

impl Connections {
    /// Serves one connection to its end.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        peer: IpAddr,
        place: Place,
    ) -> impl Future<Output = ()> + Send + use<> {
        let activity = Activity::new();
        let router = self.router.clone();
        let (in_flight, draining) = (self.in_flight.clone(), Arc::clone(&self.draining));
        let heads = Arc::clone(&self.heads);
        let peer = Peer::new(peer, &self.proxies);
        let of_connection = activity.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let is_http1 = request.version() <= Version::HTTP_11;
            let guard = in_flight.enter(of_connection.clone(), !is_http1);
            let draining = Arc::clone(&draining);
            let client = peer.client(request.headers());
            let answer = match heads.refuse(&mut request) {
                Some(refused) => Either::Left(ready(Ok(refused))),
                None => Either::Right(router.clone().call(request.map(Body::new))),
            };
            async move {
                let mut response = client.scope(answer).await?;
                if is_http1 && draining.load(Ordering::Relaxed) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, std::convert::Infallible>(response.map(|body| guard.attach(body)))
            }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // The time for a head is ours: hyper's would run between two requests as well.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEADER_LIST)
            .max_concurrent_streams(MAX_STREAMS);
        let stream = TokioIo::new(MeteredStream::new(stream, activity.clone(), place));
        let connection = builder.serve_connection_with_upgrades(stream, service).into_owned();
        let connection = self.graceful.watch(connection);
        let patience = self.patience;
        async move {
            tokio::select! {
                // What goes wrong with a connection is the peer's doing, and no request of ours.
                _ = connection => {}
                () = activity.overdue(patience) => {}
            }
        }
    }
}
