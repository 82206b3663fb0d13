#![doc = include_str!("disabled_feature.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::{FeatureGate, Version};
use crate::ray::gcs::GcsFaultTolerance;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "disabled-feature",
    summary: "a field whose feature gate is off in the operator",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("disabled_feature.md"),
    cel: Cel::Yes(include_str!("disabled_feature.cel.yaml")),
    check,
};

/// The fields of a cluster that the operator accepts only while a feature gate is on, with their gates.
const FIELDS: [(&str, FeatureGate); 3] = [
    ("historyServerOptions", FeatureGate::RayClusterHistoryServer),
    ("networkPolicy", FeatureGate::RayClusterNetworkPolicy),
    ("tlsOptions", FeatureGate::RayClusterMtls),
];

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    // A version without the gate has no such field either: the API server drops it.
    let is_off = |gate: FeatureGate| gate.is_in(settings.kuberay.version) && !settings.kuberay.is_enabled(gate);
    let mut refuse = |gate: FeatureGate, path: FieldPath, instead: &str| {
        findings.forbidden(
            path,
            format!("the operator refuses this field while its feature gate {} is off", gate.as_str()),
            format!("enable the gate in the operator and in rayguard's policy, or {instead}"),
        );
    };
    let gate = FeatureGate::GcsFaultToleranceEmbeddedStorage;
    if object.fault_tolerance == GcsFaultTolerance::RocksDb && is_off(gate) {
        refuse(gate, object.options_path("backend"), "use Redis");
    }
    let cluster = &object.cluster;
    for (field, gate) in FIELDS {
        if cluster.json.field(field).as_object().is_some() && is_off(gate) {
            refuse(gate, cluster.path().field(field), "remove it");
        }
    }
    let gate = FeatureGate::RayJobDeletionPolicy;
    if !is_off(gate) {
        return;
    }
    // An autoscaler and a suspended group exclude each other even while the gate is on.
    let instead =
        if cluster.is_autoscaling() { "remove it, as the autoscaler requires in any case" } else { "remove it" };
    for group in &cluster.workers {
        if group.json.field("suspend").as_bool() == Some(true) {
            refuse(gate, group.path().field("suspend"), instead);
        }
    }
    let Some(job) = object.job() else { return };
    // KubeRay 1.3 and 1.4 have one policy for every outcome of the job.
    let field = if settings.kuberay.version < Version::v1(5) { "deletionPolicy" } else { "deletionStrategy" };
    if !job.json.field(field).is_null() {
        refuse(gate, job.path().field(field), "remove it");
    }
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::json::Json;

    use super::*;
    use crate::kuberay::KubeRay;
    use crate::ray::RayObject;
    use crate::settings::Settings;

    fn found(spec: &str, minor: u8, feature_gates: &[(FeatureGate, bool)]) -> Vec<String> {
        let text = format!(r#"{{"apiVersion":"ray.io/v1","kind":"RayJob","spec":{spec}}}"#);
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("a RayJob");
        let kuberay = KubeRay { version: Version::v1(minor), feature_gates: feature_gates.to_vec() };
        let settings = Settings { kuberay, ..Settings::default() };
        let findings = Findings::collect(&Context::new(&object, &settings), [(&RULE, Level::Deny)]);
        findings.iter().map(|finding| finding.path.to_string()).collect()
    }

    #[test]
    fn a_field_is_refused_from_the_version_that_has_its_gate_until_it_is_open() {
        let suspended = r#"{"rayClusterSpec":{"workerGroupSpecs":[{"suspend":true},{"suspend":false}]}}"#;
        let strategy = r#"{"deletionStrategy":{}}"#;
        let policy = r#"{"deletionPolicy":"DeleteCluster"}"#;
        let tls = r#"{"rayClusterSpec":{"tlsOptions":{}}}"#;
        for (spec, minors, path) in [
            (suspended, 3..=5, "spec.rayClusterSpec.workerGroupSpecs[0].suspend"),
            (strategy, 5..=5, "spec.deletionStrategy"),
            (policy, 3..=4, "spec.deletionPolicy"),
            (tls, 7..=7, "spec.rayClusterSpec.tlsOptions"),
        ] {
            for minor in 1..=7 {
                let expected: &[&str] = if minors.contains(&minor) { &[path] } else { &[] };
                assert_eq!(found(spec, minor, &[]), expected, "{spec} in 1.{minor}");
                let open = [(FeatureGate::RayJobDeletionPolicy, true), (FeatureGate::AllAlpha, true)];
                assert!(found(spec, minor, &open).is_empty(), "{spec} in 1.{minor} with every gate on");
            }
        }
    }

    #[test]
    fn null_counts_as_missing() {
        let spec = r#"{"deletionStrategy":null,"rayClusterSpec":{"networkPolicy":null,"tlsOptions":null,
            "historyServerOptions":null,"gcsFaultToleranceOptions":null,"workerGroupSpecs":null}}"#;
        assert!(found(spec, 7, &[(FeatureGate::AllBeta, false)]).is_empty());
    }
}
