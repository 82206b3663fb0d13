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

use super::Phase;
use super::pace::{Pace, Paced};
use super::phase::Phases;
use super::places::Place;
use crate::metrics::Metrics;

/// What every connection of a server has in common.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) tls: Option<Tls>,
    pub(super) router: Router,
    pub(super) handshake: Duration,
    pub(super) pace: Pace,
    pub(super) phases: Phases,
}

/// TLS, where a server speaks it.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) metrics: Arc<Metrics>,
}

/// How much, and for how long, is read of what a client has sent before it learns that its handshake has failed.
const PARTING: (u64, Duration) = (1 << 16, Duration::from_millis(500));

/// Closes a connection so that the client gets to read why. With something unread in it, it would be reset, and a reset
/// overtakes the alert.
async fn part_with(mut stream: TcpStream) {
    let (most, time) = PARTING;
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(most), &mut tokio::io::sink()).await
    };
    // Whatever comes of it, that was all.
    let _ = timeout(time, rest).await;
}

impl Connections {
    /// Serves one client until it, or the server, has had enough.
    pub(super) async fn serve(self, stream: TcpStream, place: Place) {
        // Without it a small answer may wait for the client's acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let Some(Tls { acceptor, metrics }) = &self.tls else { return self.speak_http(stream, &place).await };
        let handshake = timeout(self.handshake, acceptor.accept(stream).into_fallible());
        let why = tokio::select! {
            shaken = handshake => match shaken {
                Ok(Ok(stream)) => return self.speak_http(stream, &place).await,
                Ok(Err((error, stream))) => {
                    metrics.handshake_failed();
                    tracing::debug!(%error, "a TLS handshake failed");
                    return part_with(stream).await;
                }
                Err(_) => "a TLS handshake took too long",
            },
            () = place.leave() => "a TLS handshake had to give way to new connections",
        };
        metrics.handshake_failed();
        tracing::debug!("{why}");
    }

    async fn speak_http(&self, stream: impl AsyncRead + AsyncWrite + Unpin, place: &Place) {
        let turn = place.turn();
        let service = service_fn(|request| {
            let serving = turn.serve();
            let answer = self.router.clone().call(request);
            async move {
                let mut answer = answer.await?;
                if self.phases.now() > Phase::Serving {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                drop(serving);
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        let stream = TokioIo::new(Paced::new(stream, self.pace, turn.clone()));
        // Its own limit on a head would end idle connections too.
        let connection = http1::Builder::new().header_read_timeout(None).serve_connection(stream, service);
        let mut connection = std::pin::pin!(connection);
        let mut phases = self.phases.clone();
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = phases.closing() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = place.leave() => {
                if turn.is_first() {
                    return; // for its first request hyper would wait
                }
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}
