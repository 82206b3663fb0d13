//! A client that opens a new connection to the Service several times a second. kube-apiserver keeps its connections, so its
//! calls alone would not show for how long the Service leads to a Pod that is gone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use rayguard_test_client::node::Node;

/// The pause between two connections.
const PAUSE: Duration = Duration::from_millis(250);

/// When a connection counts as unanswered: kube-apiserver waits as long for the mutating webhook.
const LIMIT: Duration = Duration::from_secs(3);

/// Opens connections, and keeps none.
pub(crate) struct Connections {
    stop: Arc<AtomicBool>,
    attempts: JoinHandle<Vec<Attempt>>,
}

/// An attempt to connect.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) began: Instant,
    pub(crate) is_answered: bool,
}

impl Connections {
    /// Starts to connect to this address.
    pub(crate) fn start(service: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let attempts = Node::get().runtime.spawn(async move {
            let (mut ticks, mut under_way) = (tokio::time::interval(PAUSE), JoinSet::new());
            while !stopped.load(Ordering::Relaxed) {
                ticks.tick().await;
                under_way.spawn(async move {
                    let began = Instant::now();
                    let is_answered = matches!(timeout(LIMIT, TcpStream::connect(service)).await, Ok(Ok(_)));
                    Attempt { began, is_answered }
                });
            }
            under_way.join_all().await
        });
        Self { stop, attempts }
    }

    /// Stops, and returns all attempts.
    pub(crate) fn stop(self) -> Vec<Attempt> {
        self.stop.store(true, Ordering::Relaxed);
        Node::get().runtime.block_on(self.attempts).expect("no panic")
    }
}
