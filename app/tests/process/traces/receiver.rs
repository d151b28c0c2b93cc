//! Test helper: a collector that receives OTLP exports over HTTP and decodes them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span},
};
use prost::Message;

use crate::child::PATIENCE;

pub(super) struct Export {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    pub(super) resources: Vec<ResourceSpans>,
}

pub(super) struct OtlpReceiver {
    pub(super) endpoint: String,
    status: Arc<Mutex<String>>,
    exports: Receiver<Export>,
}

impl OtlpReceiver {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let status = Arc::new(Mutex::new("200 x".to_owned()));
        let (sender, exports) = channel();
        let answered = Arc::clone(&status);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, status) = (sender.clone(), Arc::clone(&answered));
                thread::spawn(move || while receive(&stream, &sender, &status).is_some() {});
            }
        });
        Self { endpoint, status, exports }
    }

    /// Sets the HTTP status of the collector's later responses. After 400, the app does not send an
    /// export again.
    pub(super) fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = format!("{status} x");
    }

    pub(super) fn redirect(&self, location: &str) {
        *self.status.lock().unwrap() = format!("302 x\r\nlocation: {location}");
    }

    pub(super) fn next(&self) -> Export {
        self.exports.recv_timeout(PATIENCE).unwrap()
    }

    /// Returns all exports received and not yet returned. Once the app has ended, no more follow.
    pub(super) fn everything(&self) -> Vec<Export> {
        self.exports.try_iter().collect()
    }
}

impl Export {
    pub(super) fn into_spans(self) -> impl Iterator<Item = Span> {
        let scopes = self.resources.into_iter().flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans)
    }
}

/// Receives and answers one request; returns `None` at the end of the connection.
fn receive(stream: &TcpStream, sender: &Sender<Export>, status: &Mutex<String>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok().filter(|count| *count > 0)?;
    }
    let length = head.to_lowercase();
    let length = length.split_once("content-length: ")?.1.lines().next()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = ExportTraceServiceRequest::decode(&*body).unwrap();
    let status = status.lock().unwrap().clone();
    // The export is sent before the response, so a client with a response finds the export.
    sender.send(Export { head, body, resources: request.resource_spans }).ok()?;
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    let mut stream = stream;
    stream.write_all(answer.as_bytes()).ok()
}

pub(super) fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match value(attributes, key)? {
        Value::StringValue(text) => Some(text),
        other => panic!("{key} is {other:?}"),
    }
}

pub(super) fn number(attributes: &[KeyValue], key: &str) -> Option<i64> {
    match value(attributes, key)? {
        Value::IntValue(number) => Some(*number),
        other => panic!("{key} is {other:?}"),
    }
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    attribute.value.as_ref()?.value.as_ref()
}
