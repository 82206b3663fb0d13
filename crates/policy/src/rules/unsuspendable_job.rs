#![doc = include_str!("unsuspendable_job.md")]

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsuspendable-job",
    summary: "a suspended job that KubeRay cannot suspend",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unsuspendable_job.md"),
    cel: Cel::Yes(include_str!("unsuspendable_job.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(job) = object.job().filter(|job| job.is_on("suspend")) else { return };
    if !job.is_on("shutdownAfterJobFinishes") {
        let help = if job.deletion_rules().is_empty() {
            "set it to true, or remove suspend"
        } else {
            "set it to true and remove the deletionRules, or remove suspend"
        };
        let message = "KubeRay suspends a job by deleting its cluster, but shutdownAfterJobFinishes is not true";
        findings.invalid(job.path().field("shutdownAfterJobFinishes"), message, help);
    }
    if job.selects_cluster() {
        findings.forbidden(
            job.path().field("suspend"),
            "a job on an existing cluster cannot be suspended",
            "remove it, or write a rayClusterSpec instead of the clusterSelector",
        );
    }
}
