//! The probes and metrics over plain HTTP, on a separate port: a busy or misconfigured TLS port must not make the
//! kubelet kill the process.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::ca_bundle::SharedState;
use crate::health::Component;
use crate::server::{Phase, PhaseReceiver};

/// The state of the server for probes and metrics. It must be created after the port of the webhooks is bound, which is
/// part of being ready.
#[derive(Clone)]
pub struct Admin {
    /// The certificate, the failures and the metrics
    pub state: SharedState,
    /// Whether rayguard manages the `caBundle`s
    pub manages_ca_bundles: bool,
    /// The phase of the webhooks' server
    pub phases: PhaseReceiver,
}

/// Returns a router with `/livez`, `/readyz` and `/metrics`.
pub fn router(admin: Admin) -> Router {
    Router::new()
        // The process is alive if it answers. A failure that a restart would not fix must not fail this probe.
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(admin)
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    let obstacles = admin.obstacles();
    if obstacles.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    let lines = obstacles.into_iter().map(|obstacle| format!("not ready: {obstacle}\n"));
    (StatusCode::SERVICE_UNAVAILABLE, lines.collect())
}

impl Admin {
    /// Returns why the server is not ready.
    fn obstacles(&self) -> Vec<String> {
        let SharedState { clock, resolver, readiness, health, .. } = &self.state;
        let because = |component| health.failure(component).map(|error| format!(": {error}")).unwrap_or_default();
        let mut obstacles = Vec::new();
        match resolver.current() {
            None => obstacles.push(format!("no certificate yet{}", because(Component::Certificates))),
            // The wall clock is read here, because a timer would have stopped while the machine was suspended.
            Some(certificate) if !certificate.is_valid_at(clock.now()) => {
                obstacles.push(format!("the certificate is not valid now{}", because(Component::Certificates)));
            }
            Some(_) => {}
        }
        if self.manages_ca_bundles && !readiness.is_ready() {
            obstacles.push(format!(
                "the certificate is not trusted through the caBundle yet{}",
                because(Component::CaBundle)
            ));
        }
        if self.phases.current() > Phase::Serving {
            obstacles.push("stopping".to_owned());
        }
        obstacles
    }
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], admin.state.metrics.encode())
}
