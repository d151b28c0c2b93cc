//! Handle of a running double.

mod applications;
mod breaking;
mod changing;
mod event_faults;
mod events;
mod managing;
mod organizations;
mod projects;
mod remote;
mod sessions;
mod watching;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::builder::ZitadelDoubleBuilder;
use crate::ids::{ClientId, OrgId, ProjectId};
use crate::server::{AcceptorHandle, ServerThread};
use crate::shared::Shared;
use crate::world::WorldError;

/// A running double.
///
/// It serves on a thread of its own. Dropping it closes its port and frees everything. If a request
/// broke a rule and no test took the violation, the drop panics and lists all violations.
///
/// Methods that change the world panic when an argument, such as a user, is unknown here.
#[derive(Debug)]
pub struct ZitadelDouble {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: AcceptorHandle,
    thread: ServerThread,
}

impl ZitadelDouble {
    /// Starts a double with HTTP on a free port of 127.0.0.1 and the default world.
    ///
    /// # Panics
    /// If the operating system provides no port or no thread.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Returns a builder, for TLS, another issuer or a fixed port.
    #[must_use]
    pub fn builder() -> ZitadelDoubleBuilder {
        ZitadelDoubleBuilder::default()
    }

    pub(crate) fn new(
        address: SocketAddr,
        shared: Arc<Shared>,
        acceptor: AcceptorHandle,
        thread: ServerThread,
    ) -> Self {
        Self { address, shared, acceptor, thread }
    }

    /// Issuer for the configuration of clients, without a trailing slash.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.instance.issuer
    }

    /// Address on which it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// URL of the introspection endpoint under the issuer.
    #[must_use]
    pub fn introspection_endpoint(&self) -> String {
        format!("{}{}", self.issuer(), self.shared.instance.introspection_path())
    }

    /// Certificate of the authority that issued the double's own, if it serves TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.shared.tls().as_ref().map(|tls| tls.ca_pem.clone())
    }

    /// Organization ACME (`acme.localhost`), owner of the default project.
    #[must_use]
    pub fn org_id(&self) -> &OrgId {
        &self.shared.ids.org
    }

    /// Project of the API under test; it has the role `read:messages`.
    #[must_use]
    pub fn project_id(&self) -> &ProjectId {
        &self.shared.ids.project
    }

    /// API application of that project that authenticates by `client_secret_basic`.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.shared.ids.basic_client
    }

    /// Current secret of [`client_id`](Self::client_id).
    #[must_use]
    pub fn client_secret(&self) -> String {
        must(self.shared.world().secret(self.client_id()))
    }

    /// API application of that project that authenticates by `private_key_jwt`.
    #[must_use]
    pub fn key_client_id(&self) -> &ClientId {
        &self.shared.ids.key_client
    }

    /// ZITADEL's `key.json` for [`key_client_id`](Self::key_client_id). The first call registers
    /// the key; a later call registers it again if it was removed in between.
    #[must_use]
    pub fn key_json(&self) -> String {
        must(self.shared.world().default_key_json(&self.shared.ids))
    }

    /// Organization Globex (`globex.localhost`).
    #[must_use]
    pub fn foreign_org_id(&self) -> &OrgId {
        &self.shared.ids.foreign_org
    }

    /// Project other than that of the API under test.
    #[must_use]
    pub fn foreign_project_id(&self) -> &ProjectId {
        &self.shared.ids.foreign_project
    }

    /// API application of that project, with `client_secret_basic`.
    #[must_use]
    pub fn foreign_client_id(&self) -> &ClientId {
        &self.shared.ids.foreign_client
    }

    /// Current secret of that application.
    #[must_use]
    pub fn foreign_client_secret(&self) -> String {
        must(self.shared.world().secret(self.foreign_client_id()))
    }
}

impl Drop for ZitadelDouble {
    #[expect(clippy::panic, reason = "a broken rule must fail the test that broke it")]
    fn drop(&mut self) {
        let violations = self.shared.violations.take();
        if !violations.is_empty() && !std::thread::panicking() {
            let list: Vec<String> = violations.iter().map(|one| format!("\n  - {one}")).collect();
            panic!("requests that no resource server may make:{}", list.concat());
        }
    }
}

/// Returns the value, or fails the test that named something unknown.
#[track_caller]
#[expect(clippy::panic, reason = "a test that names what is not there is wrong")]
fn must<T>(outcome: Result<T, WorldError>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
