//! Test server that stands in for this API at `resource.url`. It sends fixed responses, or forwards
//! to another server.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

pub(crate) struct Site {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Starts a server with fixed responses. `answers` gets the server's origin, and returns paths
    /// with their complete HTTP responses; other paths get 404.
    pub(crate) fn answering(answers: impl Fn(&str) -> Vec<(String, String)>) -> Self {
        let (listener, origin) = listen();
        let answers = answers(&origin);
        Self::serve(listener, move |mut stream, heads| {
            let head = head(&mut stream)?;
            let path = head.split(' ').nth(1).unwrap_or_default();
            let answer = answers.iter().find(|(known, _)| known == path);
            let answer = answer.map_or_else(|| status("404 Not Found"), |(_, it)| it.clone());
            heads.lock().unwrap().push(head);
            stream.write_all(answer.as_bytes())?;
            stream.shutdown(Shutdown::Write)
        })
    }

    /// Starts a server that forwards all bytes, as a load balancer does. `target` gets this
    /// server's origin, starts the server behind it, and returns that server's address.
    pub(crate) fn before(target: impl FnOnce(&str) -> SocketAddr) -> Self {
        let (listener, origin) = listen();
        let target = target(&origin);
        Self::serve(listener, move |mut stream, _| {
            let mut there = TcpStream::connect(target)?;
            let (mut back, mut from_there) = (stream.try_clone()?, there.try_clone()?);
            let answers = thread::spawn(move || {
                // The client may disconnect first.
                let _ = io::copy(&mut from_there, &mut back);
                let _ = back.shutdown(Shutdown::Both);
            });
            io::copy(&mut stream, &mut there)?;
            there.shutdown(Shutdown::Write)?;
            answers.join().map_err(|_| io::ErrorKind::Other.into())
        })
    }

    fn serve(
        listener: TcpListener,
        serve: impl Fn(TcpStream, &Mutex<Vec<String>>) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (heads, ended) = (Arc::new(Mutex::default()), Arc::new(AtomicBool::new(false)));
        let (for_heads, for_ended) = (Arc::clone(&heads), Arc::clone(&ended));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if for_ended.load(Ordering::SeqCst) {
                    return;
                }
                stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                let _ = serve(stream, &for_heads);
            }
        });
        Self { address, heads, ended, thread: Some(thread) }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // The connection wakes the thread.
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

pub(crate) fn status(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// Returns an HTTP response with the status `line`, such as `200 OK`, this header and this body.
pub(crate) fn with(line: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {line}\r\n{header}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 16 * 1024 {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
