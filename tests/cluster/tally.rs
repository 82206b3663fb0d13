//! kube-apiserver's own metrics of its webhook calls.

use std::ops::Sub;

use kube::core::Request;

use rayguard_test_client::node::Node;

const METRIC: &str = "apiserver_admission_webhook_";

/// Numbers of calls of rayguard's webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Calls that were answered
    pub(crate) answered: u64,
    /// Calls without a usable response where the failure policy is `Fail`
    pub(crate) failed: u64,
    /// Calls without a usable response where the failure policy is `Ignore`
    pub(crate) failed_open: u64,
    /// Calls of the mutating webhook
    pub(crate) mutating: u64,
    /// Calls of the mutating webhook that took less than 5 ms, including network and TLS
    pub(crate) mutating_fast: u64,
}

impl Tally {
    /// Returns the numbers since kube-apiserver started.
    pub(crate) fn now() -> Self {
        let node = Node::get();
        let request = Request::new("/metrics").list(&kube::api::ListParams::default()).expect("a request");
        let metrics =
            node.runtime.block_on(node.client.request_text(request)).expect("kube-apiserver returns its metrics");
        let mut tally = Self::default();
        for line in metrics.lines().filter(|line| line.contains(".rayguard.dev\"")) {
            let Some((name, rest)) = line.strip_prefix(METRIC).and_then(|line| line.split_once('{')) else { continue };
            let (labels, value) = rest.rsplit_once(' ').expect("a value");
            let count = match name {
                // The code is that of the admission response, 422 for a refusal by rayguard, and not the HTTP status.
                "request_total" if ["200", "422"].iter().any(|code| labels.contains(&format!("code=\"{code}\""))) => {
                    &mut tally.answered
                }
                "rejection_count" if !labels.contains("error_type=\"no_error\"") => &mut tally.failed,
                "fail_open_count" => &mut tally.failed_open,
                "admission_duration_seconds_count" if labels.contains("\"mutate.") => &mut tally.mutating,
                "admission_duration_seconds_bucket"
                    if labels.contains("\"mutate.") && labels.contains("le=\"0.005\"") =>
                {
                    &mut tally.mutating_fast
                }
                _ => continue,
            };
            *count += value.parse::<u64>().expect("a whole number, as counters are");
        }
        tally
    }
}

impl Sub for Tally {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            answered: self.answered - before.answered,
            failed: self.failed - before.failed,
            failed_open: self.failed_open - before.failed_open,
            mutating: self.mutating - before.mutating,
            mutating_fast: self.mutating_fast - before.mutating_fast,
        }
    }
}
