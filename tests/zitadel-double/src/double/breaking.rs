//! Faults and their end.

use super::ZitadelDouble;
use crate::fault::{DiscoveryFault, Fault, Times};
use crate::rate_limit::RateLimit;
use crate::server::{Listening, Tls};

/// # Faults
impl ZitadelDouble {
    /// Applies this fault to the coming introspections. Faults queue up; the next one replaces one
    /// that lasts [until cleared](Times::UntilCleared).
    pub fn introspection_fault(&self, fault: Fault, times: Times) {
        self.shared.introspection_faults.push(fault, times);
    }

    /// Applies this fault to the coming discovery requests.
    pub fn discovery_fault(&self, fault: impl Into<DiscoveryFault>, times: Times) {
        self.shared.discovery_faults.push(fault.into(), times);
    }

    /// Leaves requests on open connections unanswered but answers pings, like a proxy that lost its
    /// route to ZITADEL; later connections are served.
    pub fn stick_connections(&self) {
        self.shared.stick();
    }

    /// Serves new connections with a certificate of another authority, which
    /// [`ca_pem`](Self::ca_pem) then returns.
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

    /// Moves the introspection endpoint, with its entry in the discovery document; the old path
    /// becomes unknown.
    pub fn move_introspection(&self, path: &str) {
        self.shared.instance.move_introspection(path);
    }

    /// Limits the rate of all requests; `None` lifts the limit. Refused requests are counted.
    pub fn set_rate_limit(&self, limit: Option<RateLimit>) {
        self.shared.rate_limiter.set(limit);
    }

    /// Clears the faults of all endpoints. Requests under way keep theirs, and a closed port stays
    /// closed.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Sets the port's behaviour. When this returns, the change is complete and every open
    /// connection closed.
    ///
    /// # Panics
    /// If the system gives no socket for listening again.
    #[expect(clippy::panic, reason = "a test cannot go on without its port")]
    pub async fn set_listening(&self, listening: Listening) {
        if let Err(error) = self.acceptor.order(listening).await {
            panic!("{} cannot be listened on: {error}", self.address);
        }
    }

    /// Refuses connections, like a stopped server.
    pub async fn stop_listening(&self) {
        self.set_listening(Listening::Refusing).await;
    }

    /// Listens again on the same port, with the same state.
    pub async fn listen_again(&self) {
        self.set_listening(Listening::Accepting).await;
    }
}
