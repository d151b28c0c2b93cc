//! A server that sends recorded responses.

use std::{
    fmt::Write as _,
    io::{self, BufRead, BufReader, Read, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::Case;

/// Server on a free port of 127.0.0.1 that answers every request with one case, and requests for
/// the discovery document with another. It ends on drop.
#[derive(Debug)]
pub struct Replay {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
}

/// Responses in wire format; `None` if none ever arrives.
struct Answers {
    discovery: Option<String>,
    case: Option<String>,
}

impl Replay {
    /// Starts a server with the responses of these cases.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn start(discovery: &Case, case: &Case) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let ended = Arc::new(AtomicBool::new(false));
        let answers = Answers { discovery: response(discovery), case: response(case) };
        let (answers, has_ended) = (Arc::new(answers), Arc::clone(&ended));
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if has_ended.load(Ordering::Relaxed) {
                    return;
                }
                let answers = Arc::clone(&answers);
                // An error means that the client disconnected.
                thread::spawn(move || answers.serve(&connection).ok());
            }
        });
        Ok(Self { address, ended })
    }

    /// Returns the origin to connect to.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the accepting thread; an error means that it has ended.
        let _ = TcpStream::connect(self.address);
    }
}

impl Answers {
    fn serve(&self, mut connection: &TcpStream) -> io::Result<()> {
        let mut request = BufReader::new(connection);
        let mut line = String::new();
        request.read_line(&mut line)?;
        let answer = if line.contains("/.well-known/openid-configuration") {
            &self.discovery
        } else {
            &self.case
        };
        let mut length = 0;
        while line.trim_end() != "" {
            line.clear();
            request.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        io::copy(&mut request.by_ref().take(length), &mut io::sink())?;
        match answer {
            Some(answer) => connection.write_all(answer.as_bytes()),
            // The client disconnects first.
            None => io::copy(&mut request, &mut io::sink()).map(drop),
        }
    }
}

/// Returns the response in wire format, for one connection.
fn response(case: &Case) -> Option<String> {
    let mut response = format!("HTTP/1.1 {} Observed\r\n", case.status?);
    for (name, value) in &case.headers {
        // The server frames bodies itself, and a pattern of a time is no valid header.
        let is_framing = ["content-length", "transfer-encoding"].contains(&&*name.to_lowercase());
        if let Some(value) = value.as_str().filter(|value| !is_framing && *value != "(a time)") {
            // Writing to a string cannot fail.
            let _ = write!(response, "{name}: {value}\r\n");
        }
    }
    let body = &case.body;
    let _ = write!(response, "content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    Some(response)
}
