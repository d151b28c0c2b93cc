//! Tests of parallel attempts to connect, with real sockets at several loopback addresses.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
};

use super::*;

const NAME: &str = "auth.example.test";

/// Port of a simulated host with several loopback addresses. One address accepts connections, those
/// given to `kill` never respond, and all others refuse.
struct Port {
    number: u16,
    accepted: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
    /// Listener of each address given to `kill`, and the connections that fill the listener's
    /// queue: new ones get no response.
    held: Vec<(TcpListener, Vec<TcpStream>)>,
}

impl Port {
    async fn with_alive(alive: [u8; 4]) -> Self {
        let listener = TcpListener::bind((IpAddr::from(alive), 0)).await.unwrap();
        let number = listener.local_addr().unwrap().port();
        let (accepted, mut tasks) = (Arc::<AtomicUsize>::default(), JoinSet::new());
        let count = Arc::clone(&accepted);
        tasks.spawn(async move {
            while let Ok(_accepted) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { number, accepted, tasks, held: Vec::new() }
    }

    fn at(&self, address: [u8; 4]) -> SocketAddr {
        SocketAddr::new(address.into(), self.number)
    }

    /// Makes `address` ignore new connections, as a firewall does, by filling its queue.
    async fn kill(&mut self, address: [u8; 4]) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(self.at(address)).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut queued = Vec::new();
        for _ in 0..16 {
            let connecting = TcpStream::connect(self.at(address));
            let Ok(stream) = timeout(Duration::from_millis(200), connecting).await else {
                self.held.push((listener, queued));
                return;
            };
            queued.push(stream.unwrap());
        }
        panic!("the queue is never full");
    }

    async fn resolved(&self, racing: &Racing) -> Vec<SocketAddr> {
        racing.resolve(NAME.parse().unwrap()).await.unwrap().collect()
    }

    fn racing(&self, names: impl Resolve + 'static) -> Racing {
        Racing::new(Arc::new(names), NAME.to_owned(), self.number)
    }
}

struct Always(Vec<[u8; 4]>);

impl Resolve for Always {
    fn resolve(&self, _name: Name) -> Resolving {
        let found: Vec<SocketAddr> = self.0.iter().map(|four| (*four, 0).into()).collect();
        Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
    }
}

const ALIVE: [u8; 4] = [127, 0, 1, 1];
const DEAD: [u8; 4] = [127, 0, 1, 2];
const DEAD_TOO: [u8; 4] = [127, 0, 1, 3];
const REFUSES: [u8; 4] = [127, 0, 1, 4];

#[tokio::test]
async fn the_address_that_is_connected_first_is_the_first_and_none_is_lost() {
    let mut port = Port::with_alive(ALIVE).await;
    port.kill(DEAD).await;
    port.kill(DEAD_TOO).await;
    for (addresses, expected) in [
        (vec![ALIVE], vec![ALIVE]),
        (vec![DEAD], vec![DEAD]),
        (vec![ALIVE, DEAD], vec![ALIVE, DEAD]),
        (vec![DEAD, ALIVE], vec![ALIVE, DEAD]),
        (vec![REFUSES, ALIVE], vec![ALIVE, REFUSES]),
        (vec![DEAD, DEAD_TOO, ALIVE], vec![ALIVE, DEAD, DEAD_TOO]),
        (vec![DEAD, REFUSES, ALIVE], vec![ALIVE, DEAD, REFUSES]),
        (vec![DEAD, DEAD_TOO], vec![DEAD, DEAD_TOO]),
        (vec![REFUSES, DEAD], vec![REFUSES, DEAD]),
    ] {
        let racing = port.racing(Always(addresses.clone()));
        let expected: Vec<_> = expected.into_iter().map(|address| port.at(address)).collect();
        assert_eq!(port.resolved(&racing).await, expected, "{addresses:?}");
    }
}

#[tokio::test]
async fn a_burst_has_one_race_and_a_single_address_none() {
    let port = Port::with_alive(ALIVE).await;
    let single = port.racing(Always(vec![ALIVE]));
    port.resolved(&single).await;
    assert_eq!(port.accepted.load(Ordering::SeqCst), 0);
    let racing = port.racing(Always(vec![REFUSES, ALIVE]));
    let mut burst = JoinSet::new();
    for _ in 0..50 {
        let resolving = racing.resolve(NAME.parse().unwrap());
        burst.spawn(async move { resolving.await.unwrap().next().unwrap() });
    }
    assert_eq!(burst.join_all().await, vec![port.at(ALIVE); 50]);
    assert!(port.accepted.load(Ordering::SeqCst) <= 1);
}

#[tokio::test]
async fn the_addresses_of_another_name_such_as_a_proxys_are_left_as_they_are() {
    let port = Port::with_alive(ALIVE).await;
    let racing = port.racing(Always(vec![REFUSES, ALIVE]));
    let found = racing.resolve("proxy.example.test".parse().unwrap()).await.unwrap();
    let expected: [SocketAddr; 2] = [REFUSES, ALIVE].map(|address| (address, 0).into());
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!((racing.addresses().len(), port.tasks.len()), (0, 1));
}
