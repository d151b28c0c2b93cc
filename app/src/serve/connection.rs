//! Serves one connection: HTTP/1.1, or HTTP/2 with prior knowledge.

use std::{
    net::IpAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    http::{HeaderValue, Version, header::CONNECTION},
};
use futures_util::future::{Either, ready};
use h2::Reason;
use http_body::Body as _;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{net::TcpStream, sync::watch};
use tower::Service;

use super::{
    activity::{Activity, Limits, Overdue, RequestGuard},
    answer_body::AnswerBody,
    connection_slot::ConnectionSlot,
    drain::{self, Phase},
    foreign_protocol::ForeignProtocols,
    http2_stream::Streams,
    in_flight::InFlight,
    metered_stream::MeteredStream,
    request_body,
    request_head::RequestHeads,
    stalls::Stalls,
};
use crate::{
    client::{Networks, Peer},
    config,
};

/// Maximum size of a request head over HTTP/1.1, in bytes: twice the maximum of an access token.
const MAX_HEAD: usize = 32 * 1024;
/// Maximum size of an HTTP/2 request's headers, in bytes: twice the maximum of an access token.
const MAX_HEADER_LIST: u32 = 32 * 1024;
/// Maximum number of concurrent requests of one HTTP/2 connection.
const MAX_STREAMS: u32 = 200;

/// State shared by all connections of a listener.
#[derive(Debug)]
pub(super) struct Connections {
    router: Router,
    limits: Limits,
    stalls: Stalls,
    heads: Arc<RequestHeads>,
    foreign: Arc<ForeignProtocols>,
    pub(super) in_flight: InFlight,
    /// True once the shutdown has begun: responses over HTTP/1.1 then have `Connection: close`.
    pub(super) draining: Arc<AtomicBool>,
    proxies: Arc<Networks>,
    pub(super) phase: watch::Sender<Phase>,
}

impl Connections {
    pub(super) fn new(
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

    pub(super) fn serve(
        &self,
        stream: TcpStream,
        peer: IpAddr,
        slot: ConnectionSlot,
    ) -> impl Future<Output = ()> + Send + use<> {
        let activity = Activity::new(self.in_flight.clone());
        let (router, heads) = (self.router.clone(), Arc::clone(&self.heads));
        let (draining, phase) = (Arc::clone(&self.draining), self.phase.subscribe());
        let peer = Peer::new(peer, &self.proxies);
        let (of_connection, stalls) = (activity.clone(), self.stalls.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let is_http2 = request.version() > Version::HTTP_11;
            if is_http2 && *phase.borrow() == Phase::Closing {
                // The client may repeat the request elsewhere, since nothing was done (RFC 9113
                // §8.7).
                return Either::Left(ready(Err(h2::Error::from(Reason::REFUSED_STREAM))));
            }
            let guard = RequestGuard::new(of_connection.clone(), is_http2);
            let draining = Arc::clone(&draining);
            let client = peer.client(request.headers());
            let with_body = (!request.body().is_end_stream()).then(|| of_connection.clone());
            let mut request =
                request.map(|body| request_body::readable(body, &stalls, &of_connection));
            let answer = match heads.refuse(&mut request) {
                Some(refused) => Either::Left(ready(Ok(refused))),
                None => Either::Right(router.clone().call(request)),
            };
            Either::Right(async move {
                let Ok(mut response) = client.scope(answer).await;
                // The connection ends if a body is left unread, and the client must not send
                // another request.
                let is_early = with_body.is_some_and(|connection| connection.has_unread());
                if !is_http2 && (is_early || draining.load(Ordering::Relaxed)) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok(response.map(|body| AnswerBody::new(body, is_http2, guard)))
            })
        });
        let mut builder = auto::Builder::new(Streams(self.stalls.clone()));
        // `Activity` limits the time for a head: hyper's limit would run between requests too.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEADER_LIST)
            .max_concurrent_streams(MAX_STREAMS);
        let stream = MeteredStream::new(
            stream,
            activity.clone(),
            self.limits.stall_timeout,
            Arc::clone(&self.foreign),
            slot,
        );
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let (limits, stalls) = (self.limits, self.stalls.clone());
        let mut phase = self.phase.subscribe();
        async move {
            let mut connection = pin!(connection);
            let mut overdue = pin!(activity.overdue(limits));
            loop {
                let reached = *phase.borrow_and_update();
                // Over HTTP/1.1 a client whose request is on its way cannot be told to leave.
                if reached == Phase::Closing || reached == Phase::Leaving && activity.is_http2() {
                    connection.as_mut().graceful_shutdown();
                }
                tokio::select! {
                    // An error of a connection is caused by the peer and concerns no request.
                    _ = connection.as_mut() => return,
                    why = overdue.as_mut() => {
                        if why == Overdue::Stalled {
                            stalls.answer.increment(1);
                        }
                        return;
                    }
                    Ok(()) = phase.changed() => {}
                    // A peer that answers no PING would keep an HTTP/2 connection open.
                    () = drain::idle(&activity), if reached == Phase::Closing => return,
                }
            }
        }
    }
}
