//! Waits until a created thing is visible: ZITADEL is eventually consistent.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Error;
use crate::exchange::Request;
use crate::server::Server;

/// Longer than any projection lags on a healthy server.
const WITHIN: Duration = Duration::from_secs(10);

const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Time until which a call may be refused because a thing is not visible.
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn begin() -> Self {
        Self(Instant::now() + WITHIN)
    }

    /// True if the call may be repeated; pauses first.
    pub(crate) async fn allows_after(&self, error: &Error) -> bool {
        let allows = matches!(error, Error::Refused { .. }) && Instant::now() < self.0;
        if allows {
            sleep(BETWEEN_TRIES).await;
        }
        allows
    }
}

impl Server<'_> {
    /// Waits until a request's token is active.
    pub(crate) async fn active(&self, request: &Request) -> Result<(), Error> {
        self.seen("a token", request, |_, body| body.contains("\"active\":true")).await
    }

    /// Waits until a response has this status.
    pub(crate) async fn answered(
        &self,
        what: &str,
        request: &Request,
        expected: u16,
    ) -> Result<(), Error> {
        self.seen(what, request, |status, _| status == expected).await
    }

    /// Waits until a response contains a text.
    pub(crate) async fn holds(
        &self,
        what: &str,
        request: &Request,
        text: &str,
    ) -> Result<(), Error> {
        self.seen(what, request, |_, body| body.contains(text)).await
    }

    async fn seen(
        &self,
        what: &str,
        request: &Request,
        is_there: impl Fn(u16, &str) -> bool + Send,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + WITHIN;
        loop {
            let answer = self.send(request).await?;
            if is_there(answer.status, &answer.body) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::NotVisible(what.to_owned()));
            }
            sleep(BETWEEN_TRIES).await;
        }
    }
}
