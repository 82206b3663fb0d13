//! The state that the keeper of the `caBundle`s shares with the other parts of the server.

use std::sync::Arc;

use super::readiness::Standing;
use crate::health::HealthTracker;
use crate::kube_api::clock::Clock;
use crate::metrics::Metrics;
use crate::server::tls::CertResolver;

/// The values of the `role` label of the metric that counts renewals.
const RENEWED_ROLES: [&str; 2] = ["ca", "leaf"];

/// What the rest of the server has of the certificates' life.
#[derive(Clone)]
pub struct Shared {
    /// The time
    pub clock: Arc<Clock>,
    /// The certificate that is shown
    pub resolver: Arc<CertResolver>,
    /// Whether the `caBundle`s are in place
    pub standing: Arc<Standing>,
    /// What fails
    pub health: Arc<HealthTracker>,
    /// What is counted
    pub metrics: Arc<Metrics>,
}

impl Shared {
    /// Nothing is known yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        metrics.declare_certificate_renewals(RENEWED_ROLES);
        let health = Arc::new(HealthTracker::new(Arc::clone(&metrics)));
        Self { clock: Arc::default(), resolver: Arc::default(), standing: Arc::default(), health, metrics }
    }
}
