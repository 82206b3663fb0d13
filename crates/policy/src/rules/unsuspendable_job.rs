#![doc = include_str!("unsuspendable_job.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsuspendable-job",
    summary: "a suspended job that KubeRay cannot suspend",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "shutdownAfterJobFinishes set to false is not allowed to be suspended",
        "ClusterSelector mode doesn't support the suspend operation",
    ],
    docs: include_str!("unsuspendable_job.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(job) = object.job().filter(|job| job.is_on("suspend")) else { return };
    if !job.is_on("shutdownAfterJobFinishes") {
        let help = if job.deletion_rules().is_empty() {
            "set it to true, or remove suspend"
        } else {
            "set it to true and remove the deletionRules, or remove suspend"
        };
        let message = "a job that is suspended loses its cluster, and this one is to keep it";
        findings.invalid(job.path().field("shutdownAfterJobFinishes"), message, help);
    }
    if job.selects_cluster() {
        findings.forbidden(
            job.path().field("suspend"),
            "a job on a cluster that is there already cannot be suspended",
            "remove it, or give the job a rayClusterSpec instead of the clusterSelector",
        );
    }
}
