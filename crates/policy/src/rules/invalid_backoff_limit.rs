#![doc = include_str!("invalid_backoff_limit.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-backoff-limit",
    summary: "a backoffLimit that is negative, or set for a job that KubeRay cannot retry",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_backoff_limit.md"),
    cel: Cel::Yes(include_str!("invalid_backoff_limit.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let version = settings.kuberay.version;
    let Some(job) = object.job() else { return };
    let Some(limit) = job.number("backoffLimit") else { return };
    let path = || job.path().field("backoffLimit");
    if limit < 0 && version >= Version::v1(2) {
        findings.invalid(path(), "backoffLimit must not be negative", "write the number of retries, or 0");
    }
    if limit > 0 && version >= Version::v1(6) && job.selects_cluster() {
        let message = "KubeRay retries a job on a new cluster, but this job selects an existing one";
        findings.forbidden(path(), message, "remove it, or use a rayClusterSpec instead of the clusterSelector");
    }
    if limit > 0 && version >= Version::v1(4) && job.submission_mode() == "InteractiveMode" {
        let message = "KubeRay cannot retry a job in InteractiveMode, because a user submits it";
        findings.forbidden(path(), message, "remove it, or use a submissionMode other than InteractiveMode");
    }
}
