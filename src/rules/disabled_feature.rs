#![doc = include_str!("disabled_feature.md")]

use crate::kuberay::FeatureGate;
use crate::path::FieldPath;
use crate::policy::Settings;
use crate::ray::gcs::GcsFaultTolerance;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "disabled-feature",
    summary: "a field that needs a feature of the operator that is off",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("disabled_feature.md"),
    check: Check::Object(check),
};

/// Fields of a cluster that the operator takes only with a gate open.
const FIELDS: [(&str, FeatureGate); 3] = [
    ("historyServerOptions", FeatureGate::RayClusterHistoryServer),
    ("networkPolicy", FeatureGate::RayClusterNetworkPolicy),
    ("tlsOptions", FeatureGate::RayClusterMtls),
];

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let mut need = |gate: FeatureGate, path: FieldPath, instead: &str| {
        if !settings.kuberay.is_enabled(gate) {
            findings.forbidden(
                path,
                format!("the operator refuses it while its feature gate {} is off", gate.as_str()),
                format!("open the gate in the operator and in rayguard's policy, or {instead}"),
            );
        }
    };
    if object.fault_tolerance == GcsFaultTolerance::RocksDb {
        need(FeatureGate::GcsFaultToleranceEmbeddedStorage, object.options_path("backend"), "use Redis");
    }
    let cluster = &object.cluster;
    for (field, gate) in FIELDS {
        if cluster.json.field(field).as_object().is_some() {
            need(gate, cluster.path().field(field), "remove it");
        }
    }
    // An autoscaler and a suspended group exclude each other with the gate open, too.
    let instead =
        if cluster.is_autoscaling() { "remove it, which the autoscaler needs in any case" } else { "remove it" };
    for group in &cluster.workers {
        if group.json.field("suspend").as_bool() == Some(true) {
            need(FeatureGate::RayJobDeletionPolicy, group.path().field("suspend"), instead);
        }
    }
    let job: &[&'static str] = match object.kind {
        Kind::RayJob => &["spec"],
        Kind::RayCronJob => &["spec", "jobTemplate"],
        _ => return,
    };
    if object.json.descend(job.iter().copied()).field("deletionStrategy").as_object().is_some() {
        let path = FieldPath::of(job.iter().copied()).field("deletionStrategy");
        need(FeatureGate::RayJobDeletionPolicy, path, "remove it");
    }
}
