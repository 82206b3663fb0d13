//! What Kubernetes and Prometheus ask, over plain HTTP on a port of its own: a busy or broken TLS port must not make
//! the kubelet kill the process.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use super::phase::{Phase, Phases};
use super::tls::CertResolver;
use crate::metrics::Metrics;

/// What the answers are made of. It can only be made once the webhooks' port is bound, which is the first half of
/// being ready.
#[derive(Clone)]
pub struct Admin {
    /// What is counted
    pub metrics: Arc<Metrics>,
    /// The certificate of the webhooks
    pub resolver: Arc<CertResolver>,
    /// The phase of the webhooks
    pub phases: Phases,
}

/// `/livez`, `/readyz` and `/metrics`.
pub fn router(admin: Admin) -> Router {
    Router::new()
        // Alive is whoever answers: nothing that a restart would not mend may fail here.
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(admin)
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, &'static str) {
    // The wall clock of this very moment: a timer would have stood still with a suspended machine.
    if !admin.resolver.current().is_some_and(|it| it.is_valid_at(SystemTime::now())) {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: the certificate is not valid now\n")
    } else if admin.phases.now() > Phase::Serving {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: about to stop\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], admin.metrics.encode())
}
