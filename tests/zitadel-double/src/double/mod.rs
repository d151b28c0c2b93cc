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
/// It serves on its own thread, and dropping it frees port and thread. The drop panics with a list
/// of the violations that no test took.
///
/// Methods that change something panic on an unknown argument, such as a user.
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
    /// If the operating system provides no port or thread.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Returns a builder, for TLS, an issuer or a fixed port.
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

    /// Issuer for clients, without a trailing slash.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.instance.issuer
    }

    /// Listening address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// URL of introspection under the issuer.
    #[must_use]
    pub fn introspection_endpoint(&self) -> String {
        format!("{}{}", self.issuer(), self.shared.instance.introspection_path())
    }

    /// Certificate of the authority behind the double's own, if it serves TLS.
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

    /// API application of that project, with `client_secret_basic`.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.shared.ids.basic_client
    }

    /// Current secret of [`client_id`](Self::client_id).
    #[must_use]
    pub fn client_secret(&self) -> String {
        must(self.shared.world().secret(self.client_id()))
    }

    /// API application of that project, with `private_key_jwt`.
    #[must_use]
    pub fn key_client_id(&self) -> &ClientId {
        &self.shared.ids.key_client
    }

    /// `key.json` of [`key_client_id`](Self::key_client_id). The first call registers the key, and
    /// a later one does so after its removal.
    #[must_use]
    pub fn key_json(&self) -> String {
        must(self.shared.world().default_key_json(&self.shared.ids))
    }

    /// Organization Globex (`globex.localhost`).
    #[must_use]
    pub fn foreign_org_id(&self) -> &OrgId {
        &self.shared.ids.foreign_org
    }

    /// Project other than the default one.
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

/// Returns the value, or panics.
#[track_caller]
#[expect(clippy::panic, reason = "a test that names what is not there is wrong")]
fn must<T>(outcome: Result<T, WorldError>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
