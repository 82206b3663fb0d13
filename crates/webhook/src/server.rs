//! An HTTP server with limits for connections and time, and a graceful shutdown: axum's router behind an accept loop.
//!
//! It serves HTTP/1.1 only, because the API server uses no other version for webhooks. The accept loop owns every task
//! that it starts, so no task outlives [`Server::run`].

pub mod cert_files;
pub mod client_cert;
mod connection;
mod connection_limit;
pub mod lifecycle;
pub(crate) mod reload;
mod timeout;
pub mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::metrics::Metrics;
use connection::{ConnectionHandler, TlsContext};
use connection_limit::{ConnectionLimiter, Slot};
pub use lifecycle::{Lifecycle, Phase, PhaseReceiver};
pub use timeout::Timeouts;

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The number of concurrent connections. Beyond it, a new connection evicts an idle one.
    pub connections: usize,
    /// The timeout of a TLS handshake
    pub handshake: Duration,
    /// The timeouts of a connection
    pub timeouts: Timeouts,
    /// How long requests in progress may take once the server closes
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let timeouts =
            Timeouts { head: Duration::from_secs(5), idle: Duration::from_mins(2), write: Duration::from_secs(5) };
        Self { connections: 1024, handshake: Duration::from_secs(5), timeouts, drain: Duration::from_secs(15) }
    }
}

/// A server with a bound address.
pub struct Server {
    listener: TcpListener,
    tls: Option<TlsContext>,
    router: Router,
    limits: Limits,
}

impl Server {
    /// Creates a server of plain HTTP.
    pub fn plain(listener: TcpListener, router: Router, limits: Limits) -> Self {
        Self { listener, tls: None, router, limits }
    }

    /// Creates a server of HTTP over TLS. All connections share one configuration, so clients can resume sessions.
    pub fn tls(
        listener: TcpListener,
        config: Arc<ServerConfig>,
        metrics: Arc<Metrics>,
        router: Router,
        limits: Limits,
    ) -> Self {
        let tls = TlsContext { acceptor: TlsAcceptor::from(config), metrics };
        Self { listener, tls: Some(tls), router, limits }
    }

    /// Serves until the server closes, and then until the requests in progress are complete or [`Limits::drain`] has
    /// passed.
    pub async fn run(self, mut phases: PhaseReceiver) {
        let Self { listener, tls, router, limits } = self;
        let Limits { handshake, timeouts, .. } = limits;
        let handler = ConnectionHandler { tls, router, handshake_timeout: handshake, timeouts, phases: phases.clone() };
        let limiter = ConnectionLimiter::new(limits.connections);
        let mut tasks = JoinSet::new();
        {
            // This future lives across iterations: restarted when a task ends, it would evict a second connection.
            let mut accepted = std::pin::pin!(accept_with_slot(&listener, &limiter));
            loop {
                tokio::select! {
                    () = phases.closing() => break,
                    (stream, slot) = accepted.as_mut() => {
                        tasks.spawn(handler.clone().serve(stream, slot));
                        accepted.set(accept_with_slot(&listener, &limiter));
                    }
                    Some(_) = tasks.join_next() => {}
                }
            }
        }
        drop(listener);
        let all_done = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limits.drain, all_done).await.is_err() {
            tracing::warn!(connections = tasks.len(), "drain timeout: closing the remaining connections");
            tasks.shutdown().await;
        }
    }
}

/// Accepts a connection and waits for a slot for it.
async fn accept_with_slot(listener: &TcpListener, limiter: &Arc<ConnectionLimiter>) -> (TcpStream, Slot) {
    let stream = accept(listener, limiter).await;
    (stream, limiter.acquire().await)
}

async fn accept(listener: &TcpListener, limiter: &ConnectionLimiter) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_connection_error(&error) => {}
            // The process has probably no file descriptor left, because its limit is lower than the limit of
            // connections.
            Err(_) if limiter.evict_idle() => limiter.freed_or_timeout().await,
            Err(error) => {
                // A retry without a pause would only load the node.
                tracing::warn!(%error, "cannot accept connections; retrying in 1 s");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether an error of `accept` concerns only the connection that was accepted.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The length of the kernel's queue of connections that are not accepted yet, which `net.core.somaxconn` limits
/// further. The usual 128 are full after a burst that takes longer than one turn of the accept loop. A client that
/// finds no room retries after a second, which is a third of the timeout that the chart sets for `/mutate`.
const BACKLOG: u32 = 4096;

/// Listens on an address. The unspecified address of IPv6 (`[::]`) includes IPv4, and falls back to IPv4 alone on a
/// node without IPv6.
///
/// # Errors
///
/// Returns an error if the address cannot be bound.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listen_at = |address: SocketAddr| {
        let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
        // Otherwise a new process could not bind the address for a minute after the previous one.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    match listen_at(address) {
        Err(_) if address.is_ipv6() && address.ip().is_unspecified() => {
            listen_at((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        listening => listening,
    }
}
