//! Sockets: accepting, TLS, HTTP/1.1 and HTTP/2, and faults in each.

mod acceptor;
mod act_out;
mod body;
mod line;
mod port;
mod service;
mod thread;
mod tls;

pub use acceptor::Listening;
pub(crate) use acceptor::{Acceptor, AcceptorHandle};
pub(crate) use port::Port;
pub(crate) use thread::ServerThread;
pub(crate) use tls::{Shape, Tls};
