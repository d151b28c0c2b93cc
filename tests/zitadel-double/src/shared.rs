//! State shared by handle, endpoints and control API.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_rustls::TlsAcceptor;

use crate::event_log::{EventLogFault, OpenWrites};
use crate::fault::{DiscoveryFault, Fault, FaultQueue};
use crate::inactive_by_fault::InactiveByFault;
use crate::instance::Instance;
use crate::lost_calls::LostCalls;
use crate::oidc::SeenAssertions;
use crate::rate_limit::RateLimiter;
use crate::server::Tls;
use crate::token_form::TokenSeal;
use crate::traffic::Traffic;
use crate::violation::ViolationLog;
use crate::world::{DefaultWorld, World};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) instance: Instance,
    pub(crate) ids: DefaultWorld,
    world: Mutex<World>,
    tls: Mutex<Option<Tls>>,
    stuck: AtomicUsize,
    pub(crate) seen_assertions: SeenAssertions,
    pub(crate) violations: ViolationLog,
    pub(crate) traffic: Traffic,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) introspection_faults: FaultQueue<Fault>,
    pub(crate) discovery_faults: FaultQueue<DiscoveryFault>,
    pub(crate) event_log_faults: FaultQueue<EventLogFault>,
    pub(crate) lost_calls: LostCalls,
    pub(crate) inactive_by_fault: InactiveByFault,
    pub(crate) open_writes: OpenWrites,
}

impl Shared {
    pub(crate) fn new(instance: Instance, tls: Option<Tls>, seal: TokenSeal) -> Self {
        let ids = DefaultWorld::new();
        let world = Mutex::new(ids.build(seal));
        Self {
            instance,
            ids,
            world,
            tls: Mutex::new(tls),
            stuck: AtomicUsize::default(),
            seen_assertions: SeenAssertions::default(),
            violations: ViolationLog::default(),
            traffic: Traffic::new(),
            rate_limiter: RateLimiter::default(),
            introspection_faults: FaultQueue::default(),
            discovery_faults: FaultQueue::default(),
            event_log_faults: FaultQueue::default(),
            lost_calls: LostCalls::default(),
            inactive_by_fault: InactiveByFault::default(),
            open_writes: OpenWrites::none(),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tls(&self) -> MutexGuard<'_, Option<Tls>> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tls_acceptor(&self) -> Option<TlsAcceptor> {
        self.tls().as_ref().map(|tls| tls.acceptor.clone())
    }

    /// Returns how often open connections were stuck.
    pub(crate) fn stuck(&self) -> usize {
        self.stuck.load(Ordering::SeqCst)
    }

    pub(crate) fn stick(&self) {
        self.stuck.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn clear_faults(&self) {
        self.introspection_faults.clear();
        self.discovery_faults.clear();
        self.event_log_faults.clear();
        self.lost_calls.clear();
        self.inactive_by_fault.clear();
    }
}
