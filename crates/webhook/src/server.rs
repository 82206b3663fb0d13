//! An HTTP server that holds under load, abuse and its own end: axum's router behind an accept loop with limits.
//!
//! HTTP is 1.1 only, for the API server speaks nothing else to webhooks. Every task is owned by the loop that started
//! it, so nothing outlives [`Server::run`].

pub mod caller;
mod connection;
mod pace;
pub mod phase;
mod places;
pub(crate) mod reload;
pub mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use connection::{Connections, Tls};
pub use pace::Pace;
pub use phase::{Lifetime, Phase, Phases};
use places::{Place, Places};

use crate::metrics::Metrics;

/// What a client may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; beyond them, those that ask nothing give way to new ones.
    pub connections: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a client may take over its part of a connection.
    pub pace: Pace,
    /// How long what is under way may take once the server closes.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let pace = Pace { head: Duration::from_secs(5), idle: Duration::from_mins(2), write: Duration::from_secs(5) };
        Self { connections: 1024, handshake: Duration::from_secs(5), pace, drain: Duration::from_secs(15) }
    }
}

/// A bound server.
pub struct Server {
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    limits: Limits,
}

impl Server {
    /// A server of plain HTTP.
    pub fn plain(listener: TcpListener, router: Router, limits: Limits) -> Self {
        Self { listener, tls: None, router, limits }
    }

    /// A server of HTTP over TLS. One configuration for its whole life lets clients resume their sessions.
    pub fn tls(
        listener: TcpListener,
        config: Arc<ServerConfig>,
        metrics: Arc<Metrics>,
        router: Router,
        limits: Limits,
    ) -> Self {
        let tls = Tls { acceptor: TlsAcceptor::from(config), metrics };
        Self { listener, tls: Some(tls), router, limits }
    }

    /// Serves until it is to close, and all that was under way is done or has had its time.
    pub async fn run(self, mut phases: Phases) {
        let Self { listener, tls, router, limits } = self;
        let Limits { handshake, pace, .. } = limits;
        let connections = Connections { tls, router, handshake, pace, phases: phases.clone() };
        let places = Places::new(limits.connections);
        let mut tasks = JoinSet::new();
        {
            // Begun anew whenever a task ends, it would have another connection give way for the same newcomer.
            let mut newcomer = std::pin::pin!(next(&listener, &places));
            loop {
                tokio::select! {
                    () = phases.closing() => break,
                    (stream, place) = newcomer.as_mut() => {
                        tasks.spawn(connections.clone().serve(stream, place));
                        newcomer.set(next(&listener, &places));
                    }
                    Some(_) = tasks.join_next() => {}
                }
            }
        }
        drop(listener);
        let all_done = async { while tasks.join_next().await.is_some() {} };
        if timeout(limits.drain, all_done).await.is_err() {
            tracing::warn!(connections = tasks.len(), "closing connections that are not done in time");
            tasks.shutdown().await;
        }
    }
}

/// The next connection, with a place.
async fn next(listener: &TcpListener, places: &Arc<Places>) -> (TcpStream, Place) {
    let stream = accept(listener, places).await;
    (stream, places.take().await)
}

/// The next connection.
async fn accept(listener: &TcpListener, places: &Places) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_one_connection(&error) => {}
            // Most likely there are no more file descriptors: fewer than places.
            Err(_) if places.crowd_out() => places.one_left().await,
            Err(error) => {
                // Trying again at once would only heat the node.
                tracing::warn!(%error, "cannot accept connections; trying again in a second");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Connections that the kernel holds for us at a time, or as many as it allows (`net.core.somaxconn`). The usual 128 are
/// full at a burst that one turn of the accept loop outlasts, and who finds no room tries again only a second later, when a
/// third of the time is over for which the chart has the API server wait for `/mutate`.
const BACKLOG: u32 = 4096;

/// Listens at an address. "All addresses" of IPv6 means those of IPv4 too; where the node has no IPv6 at all, only those.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listen_at = |address: SocketAddr| {
        let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
        // Or else the next process waits a minute for the last one's connections.
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
