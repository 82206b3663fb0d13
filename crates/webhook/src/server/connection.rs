//! One connection, from the handshake to its end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use super::connection_limit::Slot;
use super::lifecycle::{Phase, PhaseReceiver};
use super::timeout::{TimeoutStream, Timeouts};
use crate::metrics::Metrics;

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct ConnectionHandler {
    pub(super) tls: Option<TlsContext>,
    pub(super) router: Router,
    pub(super) handshake_timeout: Duration,
    pub(super) timeouts: Timeouts,
    pub(super) phases: PhaseReceiver,
}

/// The TLS part of a server.
#[derive(Clone)]
pub(super) struct TlsContext {
    pub(super) acceptor: TlsAcceptor,
    pub(super) metrics: Arc<Metrics>,
}

/// The largest number of bytes, and the longest time, for [`lingering_close`].
const LINGER: (u64, Duration) = (1 << 16, Duration::from_millis(500));

/// Closes a connection after a failed handshake so that the client can read the TLS alert. The kernel resets a
/// connection that is closed with unread data, and the reset would overtake the alert.
async fn lingering_close(mut stream: TcpStream) {
    let (bytes, time) = LINGER;
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(bytes), &mut tokio::io::sink()).await
    };
    // The connection is closed in any case.
    let _ = timeout(time, rest).await;
}

impl ConnectionHandler {
    /// Serves a connection until the client or the server closes it.
    pub(super) async fn serve(self, stream: TcpStream, slot: Slot) {
        // Otherwise a small response may wait until the client acknowledges the previous one.
        let _ = stream.set_nodelay(true);
        let Some(TlsContext { acceptor, metrics }) = &self.tls else { return self.serve_http(stream, &slot).await };
        let handshake = timeout(self.handshake_timeout, acceptor.accept(stream).into_fallible());
        let failure = tokio::select! {
            handshake = handshake => match handshake {
                Ok(Ok(stream)) => return self.serve_http(stream, &slot).await,
                Ok(Err((error, stream))) => {
                    metrics.handshake_failed();
                    tracing::debug!(%error, "TLS handshake failed");
                    return lingering_close(stream).await;
                }
                Err(_) => "TLS handshake timed out",
            },
            () = slot.evicted() => "TLS handshake evicted by a new connection",
        };
        metrics.handshake_failed();
        tracing::debug!("{failure}");
    }

    async fn serve_http(&self, stream: impl AsyncRead + AsyncWrite + Unpin, slot: &Slot) {
        let requests = slot.requests();
        let service = service_fn(|request| {
            let guard = requests.start_request();
            let response = self.router.clone().call(request);
            async move {
                let mut response = response.await?;
                if self.phases.current() > Phase::Serving {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                drop(guard);
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let stream = TokioIo::new(TimeoutStream::new(stream, self.timeouts, requests.clone()));
        // hyper's timeout for a head would also close idle connections.
        let connection = http1::Builder::new().header_read_timeout(None).serve_connection(stream, service);
        let mut connection = std::pin::pin!(connection);
        let mut phases = self.phases.clone();
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = phases.closing() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = slot.evicted() => {
                if requests.is_first() {
                    return; // hyper's graceful shutdown would wait for the first request
                }
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection ended with an error");
        }
    }
}
