#![doc = include_str!("disabled_feature.md")]

use crate::kuberay::FeatureGate;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::gcs::GcsFaultTolerance;
use crate::rule::{Category, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "disabled-feature",
    summary: "a field that needs a feature of the operator that is off",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    docs: include_str!("disabled_feature.md"),
    check,
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let gate = FeatureGate::GcsFaultToleranceEmbeddedStorage;
    if object.fault_tolerance == GcsFaultTolerance::RocksDb && !settings.kuberay.is_enabled(gate) {
        findings.forbidden(
            object.options_path("backend"),
            format!("the operator refuses it while its feature gate {} is off", gate.as_str()),
            "open the gate in the operator and in rayguard's policy, or use Redis",
        );
    }
}
