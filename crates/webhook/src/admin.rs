//! What Kubernetes and Prometheus ask, over plain HTTP on a port of its own: a busy or broken TLS port must not make
//! the kubelet kill the process.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::ca_bundle::SharedState;
use crate::health::Component;
use crate::server::{Phase, PhaseReceiver};

/// What the answers are made of. It can only be made once the webhooks' port is bound, which is the first part of
/// being ready.
#[derive(Clone)]
pub struct Admin {
    /// What is known of the certificate, and what is counted
    pub shared: SharedState,
    /// Whether the `caBundle`s are rayguard's to keep
    pub is_keeper: bool,
    /// The phase of the webhooks
    pub phases: PhaseReceiver,
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

async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    let missing = admin.missing();
    if missing.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    let lines = missing.into_iter().map(|part| format!("not ready: {part}\n"));
    (StatusCode::SERVICE_UNAVAILABLE, lines.collect())
}

impl Admin {
    /// What being ready lacks.
    fn missing(&self) -> Vec<String> {
        let SharedState { clock, resolver, readiness, health, .. } = &self.shared;
        let because = |part| health.failure(part).map(|why| format!(": {why}")).unwrap_or_default();
        let mut missing = Vec::new();
        match resolver.current() {
            None => missing.push(format!("there is no certificate yet{}", because(Component::Certificates))),
            // The wall clock of this very moment: a timer would have stood still with a suspended machine.
            Some(certificate) if !certificate.is_valid_at(clock.now()) => {
                missing.push(format!("the certificate is not valid now{}", because(Component::Certificates)));
            }
            Some(_) => {}
        }
        if self.is_keeper && !readiness.is_ready() {
            missing.push(format!("the caBundle does not vouch for the certificate{}", because(Component::CaBundle)));
        }
        if self.phases.current() > Phase::Serving {
            missing.push("about to stop".to_owned());
        }
        missing
    }
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], admin.shared.metrics.encode())
}
