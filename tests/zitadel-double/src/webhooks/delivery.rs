//! Deliveries to targets: one at a time, in write order, without retries.

use std::time::Duration;

use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Job, signature};
use crate::clock::{unix_micros, unix_now};

/// Delivers until the double stops.
pub(crate) async fn deliver(mut jobs: UnboundedReceiver<Job>) {
    while let Some(job) = jobs.recv().await {
        let wait = job.due.saturating_sub(unix_micros());
        tokio::time::sleep(Duration::from_micros(u64::try_from(wait).unwrap_or_default())).await;
        for _ in 0..job.times {
            // A failed call is not repeated; a test finds the cause at its target.
            let _ = tokio::time::timeout(job.timeout, call(&job)).await;
        }
    }
}

async fn call(job: &Job) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let uri: Uri = job.url.parse()?;
    let authority = uri.authority().ok_or("a target has a host")?;
    let address = (authority.host(), authority.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await?;
    let mut builder = http1::Builder::new();
    let client = builder.title_case_headers(true);
    let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let signature = signature::header(&job.signing_key, unix_now(), &job.body);
    let request = Request::post(path)
        .header(HOST, authority.as_str())
        .header(USER_AGENT, "Go-http-client/1.1")
        .header(CONTENT_TYPE, "application/json")
        .header("zitadel-signature", signature)
        .header(ACCEPT_ENCODING, "gzip")
        .body(Full::new(Bytes::from(job.body.clone())))?;
    let called = async {
        let response = sender.send_request(request).await?;
        response.into_body().collect().await
    };
    tokio::select! {
        answered = called => answered.map(drop)?,
        ended = connection => ended?,
    }
    Ok(())
}
