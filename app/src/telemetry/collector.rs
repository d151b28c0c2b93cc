//! HTTP client that sends traces to the OpenTelemetry collector. No redirect is followed, since
//! headers may hold credentials for the collector.

use std::{
    io::{self, Read},
    mem,
    panic::resume_unwind,
    sync::Arc,
    thread,
};

use async_trait::async_trait;
use axum_zitadel::error_chain;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::{blocking::Client, redirect::Policy};
use url::{Host, Url};

use super::export::Reporter;
use crate::config::Traces;

/// Maximum number of bytes of the collector's response body that are read.
const ANSWER_LIMIT: u64 = 64 * 1024;

/// HTTP client that sends spans to the OpenTelemetry collector. If a request fails, the
/// [`Reporter`] gets the cause for the log, without any URL, header or text from the collector.
#[derive(Debug)]
pub(super) struct Collector {
    client: Client,
    reporter: Arc<Reporter>,
}

impl Collector {
    pub(super) fn new(traces: &Traces, reporter: Arc<Reporter>) -> Result<Self, reqwest::Error> {
        let (timeout, is_local) = (traces.timeout, is_loopback(&traces.endpoint));
        // Creating a blocking client on a thread of the runtime would block that thread.
        let making = thread::spawn(move || {
            let builder = Client::builder().redirect(Policy::none()).timeout(timeout);
            // A collector on this machine needs no proxy.
            if is_local { builder.no_proxy() } else { builder }.build()
        });
        let client = making.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok(Self { client, reporter })
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
        let mut response = self.client.execute(request.try_into()?)?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = mem::take(response.headers_mut());
        // The body is read so that the connection can be reused.
        let _ = io::copy(&mut response.take(ANSWER_LIMIT), &mut io::sink());
        Ok(answer)
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        request.headers_mut().values_mut().for_each(|value| value.set_sensitive(true));
        let sent = self.send(request).map_err(reqwest::Error::without_url);
        match &sent {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => self.reporter.remember(format!("status {}", answer.status())),
            Err(error) => self.reporter.remember(error_chain(error)),
        }
        Ok(sent?)
    }
}

fn is_loopback(endpoint: &Url) -> bool {
    match endpoint.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
