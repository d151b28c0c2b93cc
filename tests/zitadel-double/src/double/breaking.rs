//! Breaking the double, and mending it.

use super::ZitadelDouble;
use crate::fault::{DiscoveryFault, Fault, Times};
use crate::rate_limit::RateLimit;
use crate::server::{Listening, Tls};

/// # Faults
impl ZitadelDouble {
    /// The coming introspections meet this fault. Faults queue up; one that lasts
    /// [until cleared](Times::UntilCleared) gives way to the next one ordered.
    pub fn introspection_fault(&self, fault: Fault, times: Times) {
        self.shared.introspection_faults.push(fault, times);
    }

    /// The coming requests for the discovery document meet this fault.
    pub fn discovery_fault(&self, fault: impl Into<DiscoveryFault>, times: Times) {
        self.shared.discovery_faults.push(fault.into(), times);
    }

    /// The connections that are open now take requests and answer none of them, while they go on
    /// answering pings and keeping the connection; later ones are served. As a proxy whose way to
    /// ZITADEL is gone.
    pub fn stick_connections(&self) {
        self.shared.stick();
    }

    /// New connections are served with a certificate of another authority, which is
    /// [`ca_pem`](Self::ca_pem) from now on.
    ///
    /// # Panics
    /// When the double serves no TLS.
    #[expect(clippy::panic, reason = "a test that rotates nothing is wrong")]
    pub fn rotate_authority(&self) {
        let mut tls = self.shared.tls();
        match tls.as_ref().map(Tls::rotated) {
            Some(Ok(rotated)) => *tls = Some(rotated),
            other => panic!("there is no certificate to rotate: {other:?}"),
        }
    }

    /// The introspection endpoint is at another path from now on, and the document says so; the old
    /// path is unknown.
    pub fn move_introspection(&self, path: &str) {
        self.shared.instance.move_introspection(path);
    }

    /// Requests of every kind meet this limit from now on; `None` is none. They count as having
    /// arrived, whatever they are answered.
    pub fn set_rate_limit(&self, limit: Option<RateLimit>) {
        self.shared.rate_limiter.set(limit);
    }

    /// Both endpoints are well again. Requests under way keep the fault they met, and a port that
    /// does not listen stays so.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// What the port does from now on. Every open connection is closed by the change, and it is
    /// complete when this comes back.
    ///
    /// # Panics
    /// When another process took the port in the instant between closing and reserving it.
    #[expect(clippy::panic, reason = "a test cannot go on without its port")]
    pub async fn set_listening(&self, listening: Listening) {
        if let Err(error) = self.acceptor.order(listening).await {
            panic!("{} is lost: {error}", self.address);
        }
    }

    /// As if the server were stopped: connections are refused.
    pub async fn stop_listening(&self) {
        self.set_listening(Listening::Refusing).await;
    }

    /// As if it were started again, on the same port and with the same world.
    pub async fn listen_again(&self) {
        self.set_listening(Listening::Accepting).await;
    }
}
