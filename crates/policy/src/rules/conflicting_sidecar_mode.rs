#![doc = include_str!("conflicting_sidecar_mode.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-sidecar-mode",
    summary: "submissionMode SidecarMode together with fields that it does not support",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("conflicting_sidecar_mode.md"),
    cel: Cel::Yes(include_str!("conflicting_sidecar_mode.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(5) {
        return;
    }
    let Some(job) = object.job().filter(|job| job.submission_mode() == "SidecarMode") else { return };
    if job.selects_cluster() {
        findings.invalid(
            job.path().field("submissionMode"),
            "in SidecarMode, a job cannot have a clusterSelector: an existing cluster cannot get the sidecar",
            "use another submissionMode, or a rayClusterSpec instead of the clusterSelector",
        );
    }
    for field in ["submitterPodTemplate", "submitterConfig"] {
        if job.has_map(field) {
            findings.forbidden(
                job.path().field(field),
                format!("in SidecarMode, a job cannot have {field}: KubeRay creates no submitter Pod"),
                "remove it, or use K8sJobMode",
            );
        }
    }
    let head = &object.cluster.head;
    if head.restart_policy().is_some_and(|policy| policy != "Never") {
        let finding = findings.invalid(
            head.restart_policy_path(),
            "in SidecarMode, the head's restartPolicy must be Never",
            "write Never, or remove it",
        );
        finding.fix_by_value(head.restart_policy_path(), "Never");
    }
}
