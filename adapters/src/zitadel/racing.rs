//! Resolves ZITADEL's host name; the address that accepts a connection first comes first.
//!
//! hyper tries the addresses of one IP version in turn and divides the time for connecting among
//! them: if the first of two never responds, each new connection takes half of `zitadel.timeout`.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{
    net::TcpStream,
    sync,
    time::{Instant, timeout},
};

/// Time after which ZITADEL's next address is tried, while earlier attempts to connect go on.
const HEAD_START: Duration = Duration::from_millis(250);
/// Time after which the resolver gives up on all addresses. It is counted from the start of the
/// last attempt to connect, and anew from each later failure.
const LAST_CHANCE: Duration = Duration::from_secs(1);
/// Time for which the address that accepted first is reused, so that a burst of new connections
/// tries the addresses once.
const RESULT_IS_USED: Duration = Duration::from_secs(5);

/// Name resolver that tries to connect to all addresses of ZITADEL's host, and returns the first
/// one that accepts at the front of the list.
#[derive(Clone)]
pub(super) struct Racing(Arc<Shared>);

struct Shared {
    names: Arc<dyn Resolve>,
    /// Host name at which ZITADEL is reached: its addresses are tried. Addresses of other hosts,
    /// such as a proxy, are passed on untried.
    host: String,
    port: u16,
    last: sync::Mutex<Option<Race>>,
    found: Mutex<Vec<SocketAddr>>,
}

struct Race {
    ended: Instant,
    addresses: Vec<SocketAddr>,
    winner: Option<SocketAddr>,
}

impl Racing {
    pub(super) fn new(names: Arc<dyn Resolve>, host: String, port: u16) -> Self {
        let (last, found) = (sync::Mutex::default(), Mutex::default());
        Self(Arc::new(Shared { names, host, port, last, found }))
    }

    /// Returns the addresses of ZITADEL's host that were found last, sorted; empty if the host's
    /// name was never resolved.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.0.found().clone()
    }
}

impl Resolve for Racing {
    fn resolve(&self, name: Name) -> Resolving {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let is_raced = name.as_str().eq_ignore_ascii_case(&shared.host);
            let found = shared.names.resolve(name).await?;
            if !is_raced {
                return Ok(found);
            }
            let mut found: Vec<_> = found.collect();
            for address in &mut found {
                address.set_port(shared.port);
            }
            shared.winner_first(&mut found).await;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Shared {
    async fn winner_first(&self, addresses: &mut [SocketAddr]) {
        let mut sorted = addresses.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        self.found().clone_from(&sorted);
        if sorted.len() < 2 {
            return;
        }
        let mut last = self.last.lock().await;
        let is_used = last
            .as_ref()
            .is_some_and(|race| race.ended.elapsed() < RESULT_IS_USED && race.addresses == sorted);
        if !is_used {
            let winner = first_to_connect(addresses).await;
            *last = Some(Race { ended: Instant::now(), addresses: sorted, winner });
        }
        if let Some(winner) = last.as_ref().and_then(|race| race.winner) {
            addresses.sort_by_key(|address| *address != winner);
        }
    }

    fn found(&self) -> MutexGuard<'_, Vec<SocketAddr>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries to connect to `addresses`, and returns the one that accepts first; `None` if none does.
/// The next attempt begins after 250 ms, or as soon as one has failed.
async fn first_to_connect(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let mut waiting = addresses.iter().copied();
    let mut attempts = FuturesUnordered::new();
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(async move { (address, TcpStream::connect(address).await.is_ok()) });
        }
        let patience = if waiting.len() > 0 { HEAD_START } else { LAST_CHANCE };
        match timeout(patience, attempts.next()).await {
            Ok(Some((winner, true))) => return Some(winner),
            Ok(None) => return None,
            Err(_) if waiting.len() == 0 => return None,
            Ok(Some((_, false))) | Err(_) => {}
        }
    }
}

impl std::fmt::Debug for Racing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Racing").field("host", &self.0.host).field("port", &self.0.port).finish()
    }
}

#[cfg(test)]
mod tests;
