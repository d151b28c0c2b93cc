//! Handle of a running API.

use std::{net::SocketAddr, sync::Arc};

use adapters::zitadel::CurrentCredentials;

use crate::{
    admin::AdminListener,
    doorbell::Doorbell,
    serve::{ServerHandle, Stopped},
};

/// A running API: its server, and the listeners for operators and ZITADEL's webhook. Dropping it
/// stops all.
#[derive(Debug)]
pub struct Running {
    pub(crate) local_address: SocketAddr,
    pub(crate) server: ServerHandle,
    /// Listener for operators, open until the server has stopped.
    pub(crate) admin: Option<AdminListener>,
    /// Listener for ZITADEL's webhook, open until the server has stopped.
    pub(crate) doorbell: Option<Doorbell>,
    /// This API's credentials at ZITADEL; `None` if they cannot change while the API runs.
    pub(crate) credentials: Option<Arc<CurrentCredentials>>,
}

impl Running {
    /// Returns the address that the server listens on.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Returns the address of the listener for operators, if there is one.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.local_address)
    }

    /// Returns the address of the listener for ZITADEL's webhook, if there is one.
    #[must_use]
    pub fn webhook_address(&self) -> Option<SocketAddr> {
        self.doorbell.as_ref().map(|doorbell| doorbell.local_address)
    }

    /// Returns a future that reads the files with this API's credentials again, as the server does
    /// every five seconds by itself. `None` if no file holds them.
    #[must_use]
    pub fn read_credentials_again(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let credentials = Arc::clone(self.credentials.as_ref()?);
        Some(async move {
            credentials.look().await;
        })
    }

    /// Stops the API. It still accepts connections for `server.drain_delay`; HTTP/1.1 responses
    /// then have `Connection: close`. Afterwards it accepts none, and requests in flight have
    /// `server.shutdown_grace` to end before they are cut off.
    pub async fn stop(self) -> Stopped {
        self.server.stop().await
    }
}
