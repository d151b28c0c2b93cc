//! A connection to ZITADEL that stopped answering is noticed and replaced.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tests::{Api, with_client_secret};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};
use zitadel_double::{NewUser, ZitadelDouble};

/// Passes bytes on between the API and the double, until its connections of that moment are told to
/// pass nothing more, and to stay open.
struct Tunnel {
    address: SocketAddr,
    freeze: watch::Sender<usize>,
    accepted: Arc<AtomicUsize>,
}

impl Tunnel {
    async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (freeze, frozen) = watch::channel(0);
        let accepted = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let mut frozen = frozen.clone();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        () = async { drop(frozen.wait_for(|frozen| number <= *frozen).await) } => {
                            // Open, silent, and acknowledged by the system.
                            std::future::pending::<()>().await;
                        }
                    }
                });
            }
        });
        Self { address, freeze, accepted }
    }

    fn freeze(&self) {
        self.freeze.send_replace(self.accepted.load(Ordering::SeqCst));
    }
}

async fn is_replaced(double: &ZitadelDouble, connect_to: &str, tunnel: &Tunnel) {
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    let mut environment = with_client_secret(double)
        .with("APP_ZITADEL__CONNECT_TO", connect_to)
        .with("APP_ZITADEL__TIMEOUT", "500ms");
    if let Some(pem) = double.ca_pem() {
        std::fs::write(ca_file.path(), pem).unwrap();
        environment = environment.with("APP_ZITADEL__CA_FILE", ca_file.path().to_str().unwrap());
    }
    let api = Api::start(environment).await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    tunnel.freeze();
    assert_eq!(api.get("/api/private", &token).await.status, 503, "the connection is dead");
    let died = Instant::now();
    while api.get("/api/private", &token).await.status != 200 {
        assert!(died.elapsed() < Duration::from_secs(30), "it is not replaced");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_dead_connection_over_http_1_is_replaced() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let tunnel = Tunnel::to(double.addr()).await;
    is_replaced(&double, &format!("http://{}", tunnel.address), &tunnel).await;
}

#[tokio::test]
async fn a_dead_connection_over_http_2_is_replaced() {
    let double = ZitadelDouble::builder()
        .issuer("https://auth.example.test")
        .tls(["auth.example.test"])
        .start()
        .await;
    let tunnel = Tunnel::to(double.addr()).await;
    is_replaced(&double, &format!("https://{}", tunnel.address), &tunnel).await;
}
