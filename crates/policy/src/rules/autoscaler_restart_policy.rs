#![doc = include_str!("autoscaler_restart_policy.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "autoscaler-restart-policy",
    summary: "a restartPolicy other than Never on Pods that the autoscaler must replace",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("autoscaler_restart_policy.md"),
    cel: Cel::Yes(include_str!("autoscaler_restart_policy.cel.yaml")),
    check,
};

/// The version of Ray from which the operator allows any restart policy with version 2, since KubeRay after 1.7.
const MINIMUM: &str = "2.56.0";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let (version, cluster) = (settings.kuberay.version, &object.cluster);
    if version < Version::v1(4) || !cluster.is_autoscaling() {
        return;
    }
    let is_v2 = match cluster.autoscaler_version() {
        Some("v2") => true,
        Some("v1") if version >= Version::v1(7) => false,
        _ => return,
    };
    if is_v2 && version >= Version::NEXT && object.ray_version_shortfall(MINIMUM).is_none() {
        return;
    }
    // For the head of a job in SidecarMode, conflicting-sidecar-mode reports the same field.
    let is_sidecar =
        version >= Version::v1(5) && object.job().is_some_and(|job| job.submission_mode() == "SidecarMode");
    let is_head_free = !is_v2 || is_sidecar;
    for group in cluster.groups().filter(|group| !(is_head_free && group.is_head())) {
        if group.restart_policy().is_none_or(|policy| policy == "Never") {
            continue;
        }
        let message = if is_v2 {
            "autoscaler v2 requires restartPolicy Never: it replaces Pods and does not restart them"
        } else {
            "autoscaler v1 does not remove an idle worker whose container was restarted"
        };
        let finding = findings.invalid(group.restart_policy_path(), message, "write Never, or remove it");
        finding.fix_by_value(group.restart_policy_path(), "Never");
        if !is_v2 {
            finding.at_most_warn();
        }
    }
}
