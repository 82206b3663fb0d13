#![doc = include_str!("suspended_worker_group.md")]

use crate::kuberay::{FeatureGate, Version};
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "suspended-worker-group",
    summary: "a suspended worker group in a cluster with an autoscaler",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "cannot be suspended with Autoscaler enabled",
        "worker groups is not currently supported with Autoscaler enabled",
    ],
    docs: include_str!("suspended_worker_group.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let kuberay = &settings.kuberay;
    // With the gate shut there is one thing to say of the field, and disabled-feature says it.
    if kuberay.version < Version::v1(3)
        || !kuberay.is_enabled(FeatureGate::RayJobDeletionPolicy)
        || !object.cluster.is_autoscaling()
    {
        return;
    }
    for group in &object.cluster.workers {
        if group.json.field("suspend").as_bool() == Some(true) {
            findings.forbidden(
                group.path().field("suspend"),
                "the autoscaler knows nothing of suspended groups and would start them again",
                "remove it, or write enableInTreeAutoscaling: false",
            );
        }
    }
}
