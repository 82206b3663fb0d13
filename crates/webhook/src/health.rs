//! What does not work at the moment: said once, counted each time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::chain;
use crate::metrics::Metrics;

/// What can fail, each on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The certificates' Secret, or their files
    Store,
    /// The Lease under which they are renewed
    Lease,
    /// The `caBundle`s
    CaBundle,
    /// The watches, without which changes are seen later
    Watch,
    /// What rules can ask of the cluster
    View,
    /// The Lease under which what is stored is judged
    AuditLease,
    /// What is stored, to be judged
    Audit,
    /// What is written of it
    PolicyReports,
}

impl Part {
    /// Those by which certificates live, whose failures are counted as such.
    pub const OF_CERTIFICATES: [Self; 4] = [Self::Store, Self::Lease, Self::CaBundle, Self::Watch];

    /// The label of a metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Lease => "lease",
            Self::CaBundle => "ca_bundle",
            Self::Watch => "watch",
            Self::View => "view",
            Self::AuditLease => "audit_lease",
            Self::Audit => "audit",
            Self::PolicyReports => "policy_reports",
        }
    }

    fn failing(self) -> &'static str {
        match self {
            Self::Store => "cannot keep the certificates; trying again, and going on with those at hand",
            Self::Lease => "cannot take the Lease; renewing certificates without it",
            Self::CaBundle => "cannot keep the caBundle; trying again",
            Self::Watch => "cannot watch for changes; looking every few seconds",
            Self::View => "cannot watch them; trying again, and the rules that ask for them say nothing",
            Self::AuditLease => "cannot take the Lease of the audit; trying again, and judging nothing without it",
            Self::Audit => "cannot judge what is stored; trying again, and telling what the last audit found",
            Self::PolicyReports => "cannot keep the PolicyReports; trying again",
        }
    }

    fn mended(self) -> &'static str {
        match self {
            Self::Store => "can keep the certificates again",
            Self::Lease => "can take the Lease again",
            Self::CaBundle => "can keep the caBundle again",
            Self::Watch => "can watch for changes again",
            Self::View => "can watch them again",
            Self::AuditLease => "can take the Lease of the audit again",
            Self::Audit => "can judge what is stored again",
            Self::PolicyReports => "can keep the PolicyReports again",
        }
    }
}

/// Why something fails.
#[derive(Debug)]
struct Trouble {
    /// What tells it from another trouble with the same object
    kind: String,
    /// All of it, which may differ from attempt to attempt
    error: String,
}

/// What fails now, and why.
#[derive(Debug)]
pub struct Troubles {
    now: Mutex<BTreeMap<(Part, String), Trouble>>,
    metrics: Arc<Metrics>,
}

impl Troubles {
    /// None yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        metrics.declare_certificate_errors(Part::OF_CERTIFICATES.map(Part::as_str));
        Self { now: Mutex::default(), metrics }
    }

    /// Takes note of how something went with an object.
    pub fn note<T, E: Error>(&self, part: Part, object: &str, result: Result<T, E>) -> Option<T> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (part, object.to_owned());
        match result {
            Ok(value) => {
                if now.remove(&key).is_some() {
                    tracing::info!(object, "{}", part.mended());
                }
                Some(value)
            }
            Err(error) => {
                let trouble = Trouble { kind: error.to_string(), error: chain(&error) };
                if Part::OF_CERTIFICATES.contains(&part) {
                    self.metrics.certificate_failed(part.as_str());
                }
                if now.get(&key).is_none_or(|before| before.kind != trouble.kind) {
                    tracing::error!(object, error = trouble.error, "{}", part.failing());
                }
                now.insert(key, trouble);
                None
            }
        }
    }

    /// Takes note that something goes well.
    pub fn fine(&self, part: Part, object: &str) {
        self.note(part, object, Ok::<(), Infallible>(()));
    }

    /// Why something fails now.
    pub fn of(&self, part: Part) -> Option<String> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.iter().find(|((failing, _), _)| *failing == part).map(|(_, trouble)| trouble.error.clone())
    }
}
