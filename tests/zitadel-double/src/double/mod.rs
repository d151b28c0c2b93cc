//! The handle that a test holds.

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
/// It serves on a thread of its own and ends when it is dropped: its port is closed then, and
/// nothing of it is left. If a request broke a rule and no test took the violation, the drop
/// panics and lists them all.
///
/// Methods that change the world panic when they are given something that this double does not
/// have, such as a user of another one.
#[derive(Debug)]
pub struct ZitadelDouble {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: AcceptorHandle,
    thread: ServerThread,
}

impl ZitadelDouble {
    /// HTTP on a free port of 127.0.0.1, with the default world.
    ///
    /// # Panics
    /// When the operating system gives no port or no thread.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// For TLS, another issuer, a fixed port.
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

    /// What clients are to configure as the issuer, without a trailing slash.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.instance.issuer
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The introspection endpoint under the issuer.
    #[must_use]
    pub fn introspection_endpoint(&self) -> String {
        format!("{}{}", self.issuer(), self.shared.instance.introspection_path())
    }

    /// The certificate of the authority behind the double's own, when it serves TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.shared.tls().as_ref().map(|tls| tls.ca_pem.clone())
    }

    /// The organization ACME (`acme.localhost`), owner of the default project.
    #[must_use]
    pub fn org_id(&self) -> &OrgId {
        &self.shared.ids.org
    }

    /// The project of the API under test; it has the role `read:messages`.
    #[must_use]
    pub fn project_id(&self) -> &ProjectId {
        &self.shared.ids.project
    }

    /// The API application of that project that authenticates by `client_secret_basic`.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.shared.ids.basic_client
    }

    /// The current secret of [`client_id`](Self::client_id).
    #[must_use]
    pub fn client_secret(&self) -> String {
        must(self.shared.world().secret(self.client_id()))
    }

    /// The API application of that project that authenticates by `private_key_jwt`.
    #[must_use]
    pub fn key_client_id(&self) -> &ClientId {
        &self.shared.ids.key_client
    }

    /// ZITADEL's `key.json` for [`key_client_id`](Self::key_client_id). The key is registered by
    /// the first call, and again by a later one if it was removed in between.
    #[must_use]
    pub fn key_json(&self) -> String {
        must(self.shared.world().default_key_json(&self.shared.ids))
    }

    /// The organization Globex (`globex.localhost`).
    #[must_use]
    pub fn foreign_org_id(&self) -> &OrgId {
        &self.shared.ids.foreign_org
    }

    /// A project that is not the API's.
    #[must_use]
    pub fn foreign_project_id(&self) -> &ProjectId {
        &self.shared.ids.foreign_project
    }

    /// The API application of that project, by `client_secret_basic`.
    #[must_use]
    pub fn foreign_client_id(&self) -> &ClientId {
        &self.shared.ids.foreign_client
    }

    /// Its current secret.
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

/// The outcome, or the end of the test that asked for something that is not there.
#[track_caller]
#[expect(clippy::panic, reason = "a test that names what is not there is wrong")]
fn must<T>(outcome: Result<T, WorldError>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
