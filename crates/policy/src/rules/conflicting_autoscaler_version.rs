#![doc = include_str!("conflicting_autoscaler_version.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::autoscaler::is_on;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-autoscaler-version",
    summary: "the variable RAY_enable_autoscaler_v2 beside autoscalerOptions.version, or on without an autoscaler",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["when enableInTreeAutoscaling is false", "both .spec.autoscalerOptions.version and head Pod env var"],
    docs: include_str!("conflicting_autoscaler_version.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
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
                "the version of the autoscaler is written in autoscalerOptions.version too",
                format!("remove it, and leave version: {asked}"),
            );
            // Both say the same.
            if asked == "v2" && is_on(&switch) {
                finding.fix_by_removal(switch.path());
            }
        }
    } else if version >= Version::v1(5)
        && let Some(switch) = cluster.autoscaler_v2_switch().filter(is_on)
    {
        findings.invalid(
            switch.value_path(),
            "it asks for version 2 of the autoscaler, and the cluster has none",
            "remove the variable, or write enableInTreeAutoscaling: true",
        );
    }
}
