#![doc = include_str!("suspended_worker_group.md")]

use crate::context::Context;
use crate::kuberay::{FeatureGate, Version};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "suspended-worker-group",
    summary: "a suspended worker group in a cluster with an autoscaler",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("suspended_worker_group.md"),
    cel: Cel::Yes(include_str!("suspended_worker_group.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let kuberay = &settings.kuberay;
    // With the gate off, disabled-feature reports the field.
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
                "the autoscaler does not know that the group is suspended and would start its workers again",
                "remove it, or write enableInTreeAutoscaling: false",
            );
        }
    }
}
