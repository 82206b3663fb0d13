#![doc = include_str!("conflicting_autoscaler_version.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::autoscaler::is_on;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-autoscaler-version",
    summary: "the variable RAY_enable_autoscaler_v2 next to autoscalerOptions.version, or on without an autoscaler",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("conflicting_autoscaler_version.md"),
    cel: Cel::Yes(include_str!("conflicting_autoscaler_version.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let (version, cluster) = (settings.kuberay.version, &object.cluster);
    if version < Version::v1(4) {
        return;
    }
    if cluster.is_autoscaling() {
        if let Some(asked) = cluster.autoscaler_version()
            && let Some(switch) = cluster.autoscaler_v2_switch()
        {
            let finding = findings.forbidden(
                switch.path(),
                "RAY_enable_autoscaler_v2 is set, but autoscalerOptions.version sets the version as well",
                format!("remove the variable, and keep version: {asked}"),
            );
            // The variable and the field agree, so the variable is redundant.
            if asked == "v2" && is_on(&switch) {
                finding.fix_by_removal(switch.path());
            }
        }
    } else if version >= Version::v1(5)
        && let Some(switch) = cluster.autoscaler_v2_switch().filter(is_on)
    {
        findings.invalid(
            switch.value_path(),
            "RAY_enable_autoscaler_v2 is on, but the cluster has no autoscaler",
            "remove the variable, or write enableInTreeAutoscaling: true",
        );
    }
}
