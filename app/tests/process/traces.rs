//! Tests of traces: spans that a collector receives, trace headers that ZITADEL receives, and data
//! that neither may receive.

mod content;
mod propagation;
mod receiver;
mod unsent;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use receiver::{Export, OtlpReceiver};
use zitadel_double::ZitadelDouble;

use crate::{asking, child::App};

/// Variable that turns traces on.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Trace id that a caller sends in the header `traceparent`, whose value is `TRACE_PARENT`.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const TRACE_PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Traced {
    double: ZitadelDouble,
    receiver: OtlpReceiver,
    app: App,
}

impl Traced {
    async fn start(more: &[(&str, &str)]) -> Self {
        let (double, receiver) = (ZitadelDouble::start().await, OtlpReceiver::start());
        let secret = double.client_secret();
        let endpoint = (ENDPOINT, receiver.endpoint.as_str());
        let app = App::start(&[], &[&asking(&double, &secret)[..], &[endpoint], more].concat());
        Self { double, receiver, app }
    }

    fn end(self) -> (ZitadelDouble, Vec<Export>) {
        end(self.app);
        (self.double, self.receiver.everything())
    }

    fn spans(self) -> (ZitadelDouble, Vec<Span>) {
        let (double, exports) = self.end();
        (double, exports.into_iter().flat_map(Export::into_spans).collect())
    }
}

fn end(app: App) -> String {
    app.signal("TERM");
    let (status, log) = app.end();
    assert_eq!(status.code(), Some(0), "{log}");
    log
}

fn ask_with(address: &str, token: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /api/private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn is_answered(mut stream: TcpStream, status: &str) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
}

fn of_kind(spans: &[Span], kind: SpanKind) -> Vec<&Span> {
    spans.iter().filter(|span| span.kind() == kind).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
