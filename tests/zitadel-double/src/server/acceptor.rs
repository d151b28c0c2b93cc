//! Accepts connections at the double's port, and serves each in a task.

use std::io;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::line::{Line, Socket};
use super::port::Port;
use super::service::respond;
use crate::shared::Shared;

/// Behaviour of the port towards new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// Serves them.
    Accepting,
    /// Refuses them; the port stays reserved.
    Refusing,
    /// Accepts them but sends nothing: no TLS handshake, no response.
    Silent,
}

type Order = (Listening, oneshot::Sender<io::Result<()>>);

#[derive(Clone, Debug)]
pub(crate) struct AcceptorHandle(mpsc::Sender<Order>);

impl AcceptorHandle {
    /// Waits until the port behaves as ordered and every open connection is closed.
    pub(crate) async fn order(&self, listening: Listening) -> io::Result<()> {
        let (done, outcome) = oneshot::channel();
        let gone = || io::Error::other("the double has stopped");
        self.0.send((listening, done)).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }
}

pub(crate) struct Acceptor {
    shared: Arc<Shared>,
    port: Port,
    mode: Listening,
    connections: JoinSet<()>,
}

impl Acceptor {
    /// Must run inside the serving runtime.
    pub(crate) fn new(mut port: Port, shared: Arc<Shared>) -> io::Result<Self> {
        port.open()?;
        let (mode, connections) = (Listening::Accepting, JoinSet::new());
        Ok(Self { shared, port, mode, connections })
    }

    /// Serves on the given runtime until the handle is dropped.
    pub(crate) fn spawn(mut self, runtime: &tokio::runtime::Handle) -> AcceptorHandle {
        let (sender, mut orders) = mpsc::channel::<Order>(1);
        runtime.spawn(async move {
            loop {
                tokio::select! {
                    order = orders.recv() => {
                        let Some((listening, done)) = order else { return };
                        let outcome = self.change_to(listening).await;
                        let _ = done.send(outcome);
                    }
                    stream = self.port.accept() => self.take(stream),
                    Some(_) = self.connections.join_next() => {}
                }
            }
        });
        AcceptorHandle(sender)
    }

    fn take(&mut self, stream: TcpStream) {
        self.shared.traffic.connected();
        let shared = Arc::clone(&self.shared);
        match self.mode {
            Listening::Silent => self.connections.spawn(async move {
                let _kept_open = stream;
                std::future::pending::<()>().await;
            }),
            _ => self.connections.spawn(serve(stream, shared)),
        };
    }

    async fn change_to(&mut self, listening: Listening) -> io::Result<()> {
        self.mode = listening;
        self.connections.shutdown().await;
        match listening {
            Listening::Refusing => self.port.close(),
            Listening::Accepting | Listening::Silent => self.port.open()?,
        }
        Ok(())
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let line = Arc::new(Line::new(shared.stuck()));
    // Nagle's algorithm would delay small responses.
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream, Arc::clone(&line));
    let work = async {
        match shared.tls_acceptor() {
            None => serve_http(socket, shared, Arc::clone(&line)).await,
            Some(tls) => {
                if let Ok(stream) = tls.accept(socket).await {
                    serve_http(stream, shared, Arc::clone(&line)).await;
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = line.ended() => {}
    }
}

async fn serve_http<S>(stream: S, shared: Arc<Shared>, line: Arc<Line>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service =
        service_fn(move |request| respond(request, Arc::clone(&shared), Arc::clone(&line)));
    let server = auto::Builder::new(TokioExecutor::new());
    // The client knows how its connection ended.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}
