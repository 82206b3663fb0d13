//! A client that opens a new connection to the Service several times a second. kube-apiserver keeps its connections, so its
//! calls alone would not show for how long the Service leads to a Pod that is gone.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use rayguard_test_client::node::Node;

/// The pause between two connections.
const PAUSE: Duration = Duration::from_millis(250);

/// When a connection counts as unanswered: kube-apiserver waits as long for the mutating webhook.
const LIMIT: Duration = Duration::from_secs(3);

/// The first source port. It and the next ones are below those that Linux chooses (`net.ipv4.ip_local_port_range`).
const FIRST_PORT: u16 = 12_000;

/// For how long Linux's connection tracking certainly knows an unanswered connection. It forgets one after 120 s
/// (`nf_conntrack_tcp_timeout_syn_sent`).
const TRACKED: Duration = Duration::from_mins(1);

/// Opens connections, and keeps none. Each has a source port of its own, because connection tracking sends a new connection
/// from the port of an unanswered one to the same Pod, whatever kube-proxy's rules are by then.
pub(crate) struct Connections {
    service: SocketAddr,
    stop: Arc<AtomicBool>,
    attempts: Arc<Mutex<Vec<Attempt>>>,
    opener: JoinHandle<()>,
}

/// An attempt to connect.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) began: Instant,
    pub(crate) is_answered: bool,
    port: u16,
}

impl Connections {
    /// Starts to connect to this address.
    pub(crate) fn start(service: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let attempts = Arc::new(Mutex::new(Vec::new()));
        let (stopped, made) = (Arc::clone(&stop), Arc::clone(&attempts));
        let opener = Node::get().runtime.spawn(async move {
            let (mut ticks, mut under_way) = (tokio::time::interval(PAUSE), JoinSet::new());
            let mut ports = FIRST_PORT..;
            while !stopped.load(Ordering::Relaxed) {
                ticks.tick().await;
                // A server of the node can listen on a port.
                let (port, socket) = ports.find_map(|port| Some((port, bound(port).ok()?))).expect("a free port");
                let made = Arc::clone(&made);
                under_way.spawn(async move {
                    let attempt = connect(socket, port, service).await;
                    made.lock().expect("no panic").push(attempt);
                });
            }
            under_way.join_all().await;
        });
        Self { service, stop, attempts, opener }
    }

    /// Connects once more from the ports of the last unanswered connections, and returns these attempts.
    pub(crate) fn again(&self) -> Vec<Attempt> {
        let attempts = self.attempts.lock().expect("no panic").clone();
        let unanswered = attempts.into_iter().filter(|last| !last.is_answered && last.began.elapsed() < TRACKED);
        let service = self.service;
        Node::get().runtime.block_on(async {
            let connections = unanswered.map(|Attempt { port, .. }| async move {
                connect(bound(port).expect("the last connection is closed"), port, service).await
            });
            connections.collect::<JoinSet<_>>().join_all().await
        })
    }

    /// Stops, and returns all attempts.
    pub(crate) fn stop(self) -> Vec<Attempt> {
        self.stop.store(true, Ordering::Relaxed);
        Node::get().runtime.block_on(self.opener).expect("no panic");
        self.attempts.lock().expect("no panic").clone()
    }
}

fn bound(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::UNSPECIFIED, port).into())?;
    Ok(socket)
}

async fn connect(socket: TcpSocket, port: u16, service: SocketAddr) -> Attempt {
    let began = Instant::now();
    let is_answered = matches!(timeout(LIMIT, socket.connect(service)).await, Ok(Ok(_)));
    Attempt { began, is_answered, port }
}
