//! Breaking the double, and repairing it.

use super::ZitadelDouble;
use crate::fault::{DiscoveryFault, Fault, Times};
use crate::rate_limit::RateLimit;
use crate::server::{Listening, Tls};

/// # Faults
impl ZitadelDouble {
    /// Applies this fault to the coming introspections. Faults queue up; one that lasts [until
    /// cleared](Times::UntilCleared) is replaced by the next one ordered.
    pub fn introspection_fault(&self, fault: Fault, times: Times) {
        self.shared.introspection_faults.push(fault, times);
    }

    /// Applies this fault to the coming requests for the discovery document.
    pub fn discovery_fault(&self, fault: impl Into<DiscoveryFault>, times: Times) {
        self.shared.discovery_faults.push(fault.into(), times);
    }

    /// Leaves the requests on connections that are open now unanswered, while pings are answered
    /// and the connections stay open; later connections are served. Simulates a proxy that has lost
    /// its route to ZITADEL.
    pub fn stick_connections(&self) {
        self.shared.stick();
    }

    /// Serves new connections with a certificate of another authority, which
    /// [`ca_pem`](Self::ca_pem) returns from now on.
    ///
    /// # Panics
    /// If the double serves no TLS.
    #[expect(clippy::panic, reason = "a test that rotates nothing is wrong")]
    pub fn rotate_authority(&self) {
        let mut tls = self.shared.tls();
        match tls.as_ref().map(Tls::rotated) {
            Some(Ok(rotated)) => *tls = Some(rotated),
            other => panic!("there is no certificate to rotate: {other:?}"),
        }
    }

    /// Moves the introspection endpoint to another path, which the discovery document names; the
    /// old path becomes unknown.
    pub fn move_introspection(&self, path: &str) {
        self.shared.instance.move_introspection(path);
    }

    /// Limits the rate of requests of every kind; `None` lifts the limit. Refused requests are
    /// counted as arrived too.
    pub fn set_rate_limit(&self, limit: Option<RateLimit>) {
        self.shared.rate_limiter.set(limit);
    }

    /// Clears the faults of all endpoints. Requests under way keep their fault, and a port that
    /// does not listen stays closed.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Sets the behaviour of the port. The change closes every open connection, and is complete
    /// when this returns.
    ///
    /// # Panics
    /// If another process takes the port between closing and reserving it.
    #[expect(clippy::panic, reason = "a test cannot go on without its port")]
    pub async fn set_listening(&self, listening: Listening) {
        if let Err(error) = self.acceptor.order(listening).await {
            panic!("{} is lost: {error}", self.address);
        }
    }

    /// Simulates a stopped server: connections are refused.
    pub async fn stop_listening(&self) {
        self.set_listening(Listening::Refusing).await;
    }

    /// Listens again, on the same port and with the same world.
    pub async fn listen_again(&self) {
        self.set_listening(Listening::Accepting).await;
    }
}
