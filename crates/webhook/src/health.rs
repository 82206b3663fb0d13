//! The state of the components that can fail: a failure is logged once, and counted each time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::chain;
use crate::metrics::Metrics;

/// A component that can fail independently of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// The Secret or the files of the certificates
    Certificates,
    /// The Lease for changes of the certificates' Secret
    CertificateLease,
    /// The `caBundle`s of the webhook configurations
    CaBundle,
    /// The watches of the webhook configurations and the certificates' Secret
    ObjectWatch,
    /// The watches that fill the cache for rules
    ClusterCache,
    /// The Lease of the audit
    AuditLease,
    /// The audit of stored objects
    Audit,
    /// The PolicyReports that the audit writes
    PolicyReports,
}

impl Component {
    /// Returns the `part` label of `rayguard_certificate_errors_total`; `None` for components that this metric does not
    /// count.
    fn certificate_part(self) -> Option<&'static str> {
        match self {
            Self::Certificates => Some("store"),
            Self::CertificateLease => Some("lease"),
            Self::CaBundle => Some("ca_bundle"),
            Self::ObjectWatch => Some("watch"),
            Self::ClusterCache | Self::AuditLease | Self::Audit | Self::PolicyReports => None,
        }
    }

    fn failure_message(self) -> &'static str {
        match self {
            Self::Certificates => "cannot manage the certificates; retrying, and serving the current certificate",
            Self::CertificateLease => "cannot acquire the Lease; renewing certificates without it",
            Self::CaBundle => "cannot update the caBundle; retrying",
            Self::ObjectWatch => "cannot watch for changes; checking every few seconds",
            Self::ClusterCache => "cannot watch these objects; retrying, and rules that need them report nothing",
            Self::AuditLease => "cannot acquire the audit Lease; retrying, and auditing nothing without it",
            Self::Audit => "cannot complete the audit; retrying, and reporting the result of the last one",
            Self::PolicyReports => "cannot update the PolicyReports; retrying",
        }
    }

    fn recovery_message(self) -> &'static str {
        match self {
            Self::Certificates => "can manage the certificates again",
            Self::CertificateLease => "can acquire the Lease again",
            Self::CaBundle => "can update the caBundle again",
            Self::ObjectWatch => "can watch for changes again",
            Self::ClusterCache => "can watch these objects again",
            Self::AuditLease => "can acquire the audit Lease again",
            Self::Audit => "can complete the audit again",
            Self::PolicyReports => "can update the PolicyReports again",
        }
    }
}

/// The last failure with an object.
#[derive(Debug)]
struct Failure {
    /// The message without its sources. A failure with another message is logged again.
    message: String,
    /// The message with its sources, which may differ between attempts
    details: String,
}

/// The components that fail now, and why.
#[derive(Debug)]
pub struct HealthTracker {
    failures: Mutex<BTreeMap<(Component, String), Failure>>,
    metrics: Arc<Metrics>,
}

impl HealthTracker {
    /// Creates a tracker without failures.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let components =
            [Component::Certificates, Component::CertificateLease, Component::CaBundle, Component::ObjectWatch];
        metrics.declare_certificate_errors(components.into_iter().filter_map(Component::certificate_part));
        Self { failures: Mutex::default(), metrics }
    }

    /// Records the result of an operation of a component on an object, and returns its value. A failure is logged if it
    /// is new for this object or has another message than before; so is the first success after a failure.
    pub fn record<T, E: Error>(&self, component: Component, object: &str, result: Result<T, E>) -> Option<T> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (component, object.to_owned());
        match result {
            Ok(value) => {
                if failures.remove(&key).is_some() {
                    tracing::info!(object, "{}", component.recovery_message());
                }
                Some(value)
            }
            Err(error) => {
                let failure = Failure { message: error.to_string(), details: chain(&error) };
                if let Some(part) = component.certificate_part() {
                    self.metrics.certificate_failed(part);
                }
                if failures.get(&key).is_none_or(|before| before.message != failure.message) {
                    tracing::error!(object, error = failure.details, "{}", component.failure_message());
                }
                failures.insert(key, failure);
                None
            }
        }
    }

    /// Records a success of a component with an object.
    pub fn ok(&self, component: Component, object: &str) {
        self.record(component, object, Ok::<(), Infallible>(()));
    }

    /// Records a failure of a component with an object.
    pub fn failed(&self, component: Component, object: &str, error: impl Error) {
        self.record(component, object, Err::<(), _>(error));
    }

    /// Returns why a component fails now, or `None` if it does not.
    pub fn failure(&self, component: Component) -> Option<String> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.iter().find(|((failing, _), _)| *failing == component).map(|(_, failure)| failure.details.clone())
    }
}
