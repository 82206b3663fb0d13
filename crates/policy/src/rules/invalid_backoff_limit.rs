#![doc = include_str!("invalid_backoff_limit.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-backoff-limit",
    summary: "a backoffLimit that is negative, or where nothing can be tried again",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "BackoffLimit is incompatible with ClusterSelector mode",
        "BackoffLimit is incompatible with InteractiveMode",
        "backoffLimit must be a positive integer",
    ],
    docs: include_str!("invalid_backoff_limit.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let version = settings.kuberay.version;
    let Some(job) = object.job() else { return };
    let Some(limit) = job.number("backoffLimit") else { return };
    let path = || job.path().field("backoffLimit");
    if limit < 0 && version >= Version::v1(2) {
        findings.invalid(path(), "it must not be negative", "write how often the job is tried again, or 0");
    }
    if limit > 0 && version >= Version::v1(6) && job.selects_cluster() {
        let message = "a job is tried again on a new cluster, and this one selects its cluster";
        findings.forbidden(path(), message, "remove it, or use a rayClusterSpec instead of the clusterSelector");
    }
    if limit > 0 && version >= Version::v1(4) && job.submission_mode() == "InteractiveMode" {
        let message = "a job that somebody submits by hand cannot be tried again";
        findings.forbidden(path(), message, "remove it, or use a submissionMode other than InteractiveMode");
    }
}
