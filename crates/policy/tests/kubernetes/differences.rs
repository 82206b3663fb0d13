//! Errors of Kubernetes that rayguard intentionally does not report. A denial where a version of Kubernetes has no error
//! is never intentional.

use crate::verdict::{Comparison, Fault};

/// A known difference, and the reason.
struct Difference {
    reason: &'static str,
    matcher: fn(&Fault, &Comparison) -> bool,
    used: usize,
}

pub(crate) struct Differences(Vec<Difference>);

impl Differences {
    pub(crate) fn new() -> Self {
        let missed = |matcher, reason| Difference { reason, matcher, used: 0 };
        Self(vec![
            missed(
                |fault, comparison| {
                    let is_error_in_volume = |other: &Fault| other.text.contains("spec.volumes[");
                    fault.check.ends_with(".name: Not found: …") && comparison.faults[0].iter().any(is_error_in_volume)
                },
                "a mount of a volume that has an error: Kubernetes forgets the volume",
            ),
            missed(
                |fault, _| fault.text.ends_with(r#"name: Duplicate value: "wait-gcs-ready""#),
                "a container with the name of KubeRay's init container, which only a warning reports, because the operator \
                 can be configured to add none",
            ),
        ])
    }

    /// Returns whether a known difference explains that rayguard does not find an error.
    pub(crate) fn explain(&mut self, fault: &Fault, comparison: &Comparison) -> bool {
        let found = self.0.iter_mut().find(|difference| (difference.matcher)(fault, comparison));
        found.map(|difference| difference.used += 1).is_some()
    }

    /// Returns each reason and how often it was used.
    pub(crate) fn used(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.0.iter().map(|difference| (difference.reason, difference.used))
    }
}
