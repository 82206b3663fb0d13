#![doc = include_str!("conflicting_sidecar_mode.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-sidecar-mode",
    summary: "the SidecarMode of a job beside what it cannot work with",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "ClusterSelector is not supported in SidecarMode",
        "SidecarMode doesn't support SubmitterPodTemplate",
        "SidecarMode doesn't support SubmitterConfig",
        "restartPolicy for head Pod should be Never or unset when using SidecarMode",
    ],
    docs: include_str!("conflicting_sidecar_mode.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(5) {
        return;
    }
    let Some(job) = object.job().filter(|job| job.submission_mode() == "SidecarMode") else { return };
    if job.selects_cluster() {
        findings.invalid(
            job.path().field("submissionMode"),
            "a cluster that is there already cannot get a sidecar to submit the job",
            "use another submissionMode, or a rayClusterSpec instead of the clusterSelector",
        );
    }
    for field in ["submitterPodTemplate", "submitterConfig"] {
        if job.has_map(field) {
            findings.forbidden(
                job.path().field(field),
                "there is no submitter of its own in SidecarMode",
                "remove it, or use K8sJobMode",
            );
        }
    }
    let head = &object.cluster.head;
    if head.restart_policy().is_some_and(|policy| policy != "Never") {
        let finding = findings.invalid(
            head.restart_policy_path(),
            "in SidecarMode the head's restartPolicy can only be Never",
            "write Never, or remove it",
        );
        finding.fix_by_value(head.restart_policy_path(), "Never");
    }
}
