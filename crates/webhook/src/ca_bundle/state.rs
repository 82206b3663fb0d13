//! The state that the controller of the `caBundle`s shares with other parts of the server.

use std::sync::Arc;

use super::readiness::CaBundleReadiness;
use crate::health::HealthTracker;
use crate::kube_api::clock::Clock;
use crate::metrics::Metrics;
use crate::server::tls::CertResolver;

/// The values of the `role` label of the metric that counts renewals.
const RENEWED_ROLES: [&str; 2] = ["ca", "leaf"];

/// The state that the controller of the `caBundle`s shares with other parts of the server.
#[derive(Clone)]
pub struct SharedState {
    /// The time according to the API server
    pub clock: Arc<Clock>,
    /// The certificate that is served
    pub resolver: Arc<CertResolver>,
    /// Whether the `caBundle`s allow the server to be ready
    pub readiness: Arc<CaBundleReadiness>,
    /// The components that fail now
    pub health: Arc<HealthTracker>,
    /// The metrics
    pub metrics: Arc<Metrics>,
}

impl SharedState {
    /// Creates the initial state: no certificate, no `caBundle`, no failure.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        metrics.declare_certificate_renewals(RENEWED_ROLES);
        let health = Arc::new(HealthTracker::new(Arc::clone(&metrics)));
        Self { clock: Arc::default(), resolver: Arc::default(), readiness: Arc::default(), health, metrics }
    }
}
