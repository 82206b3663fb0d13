#![doc = include_str!("invalid_replica_bounds.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-replica-bounds",
    summary: "a worker group whose minReplicas or maxReplicas is missing, negative or contradictory",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_replica_bounds.md"),
    cel: Cel::Yes(include_str!("invalid_replica_bounds.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(6) {
        return;
    }
    let is_autoscaling = object.cluster.is_autoscaling();
    for group in &object.cluster.workers {
        let bounds = ["minReplicas", "maxReplicas"].map(|name| (name, group.json.field(name).as_i64()));
        for (name, bound) in bounds {
            let least = if name == "maxReplicas" { bounds[0].1.unwrap_or(0).max(0) } else { 0 };
            if bound.is_none() && !is_autoscaling {
                findings.required(
                    group.path().field(name),
                    format!("without an autoscaler, KubeRay requires {name} in every worker group"),
                    format!("write {name}"),
                );
            } else if let Some(bound) = bound.filter(|bound| *bound < 0) {
                findings.invalid(
                    group.path().field(name),
                    format!("{name} must not be negative, and is {bound}"),
                    format!("write {least} or more"),
                );
            }
        }
        if let [(_, Some(min)), (_, Some(max))] = bounds
            && 0 <= max
            && max < min
        {
            findings.invalid(
                group.path().field("minReplicas"),
                format!("minReplicas, which is {min}, exceeds maxReplicas, which is {max}"),
                format!("write {max} or less, or a higher maxReplicas"),
            );
        }
    }
}
