#![doc = include_str!("removed_worker_group.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::Group;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::quote;

pub(super) static RULE: Rule = Rule {
    name: "removed-worker-group",
    summary: "an update that removes or renames a worker group, whose Pods then stay",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Previous,
    since: "0.1.0",
    docs: include_str!("removed_worker_group.md"),
    cel: Cel::No("an exported policy compares single fields of both objects, and no lists"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    // The operator makes a new cluster for a changed RayService, and does not change the cluster of a job.
    let (Kind::RayCluster, Some(previous)) = (object.kind, context.previous) else { return };
    let spec = object.cluster.json;
    let deletes_all = spec.descend(["upgradeStrategy", "type"]).as_str() == Some("Recreate");
    let is_suspended = |spec: &Json<'_>| spec.field("suspend").as_bool() == Some(true);
    if deletes_all || is_suspended(spec) {
        return;
    }
    let mut kept: Vec<_> = object.cluster.workers.iter().filter_map(Group::name).collect();
    kept.sort_unstable();
    if !previous.may_have_other("groupName", &kept) {
        return;
    }
    let Some(old) = previous.object().filter(|old| old.kind == object.kind && !is_suspended(old.cluster.json)) else {
        return;
    };
    for group in &old.cluster.workers {
        let Some(name) = group.name().filter(|name| kept.binary_search(name).is_err() && has_pods(group)) else {
            continue;
        };
        let autoscaler = if object.cluster.is_autoscaling() { ", and the autoscaler fails to" } else { "" };
        let message = format!("the operator never deletes the Pods of the removed group {}{autoscaler}", quote(name));
        let help = "keep the group with replicas, minReplicas and maxReplicas 0, and remove it when its Pods are gone";
        findings.forbidden(object.cluster.path().field("workerGroupSpecs"), message, help).about(name);
    }
}

/// Reports whether the operator keeps Pods for a group (`GetWorkerGroupDesiredReplicas`,
/// ray-operator/controllers/ray/utils/util.go:387 at v1.6.2).
fn has_pods(group: &Group<'_>) -> bool {
    let number = |field: &str| group.json.field(field).as_i64();
    let min = number("minReplicas").unwrap_or(0);
    let wanted = number("replicas").unwrap_or(min).max(min).min(number("maxReplicas").unwrap_or(i64::MAX));
    wanted > 0 && group.json.field("suspend").as_bool() != Some(true)
}
