#![doc = include_str!("invalid_replica_bounds.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-replica-bounds",
    summary: "a worker group whose minReplicas or maxReplicas is missing or negative, or that wants more than it may have",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "must set both minReplicas and maxReplicas when autoscaling is disabled",
        "has negative minReplicas",
        "has negative maxReplicas",
        "greater than maxReplicas",
    ],
    docs: include_str!("invalid_replica_bounds.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(6) {
        return;
    }
    let is_autoscaling = object.cluster.is_autoscaling();
    for group in &object.cluster.workers {
        let bounds = ["minReplicas", "maxReplicas"].map(|name| (name, group.json.field(name).as_i64()));
        for (name, bound) in bounds {
            if bound.is_none() && !is_autoscaling {
                findings.required(
                    group.path().field(name),
                    format!("without an autoscaler KubeRay wants {name} of every worker group"),
                    format!("write {name}"),
                );
            } else if let Some(bound) = bound.filter(|bound| *bound < 0) {
                findings.invalid(
                    group.path().field(name),
                    format!("KubeRay takes no negative number of replicas, and this is {bound}"),
                    "write 0 or more",
                );
            }
        }
        if let [(_, Some(min)), (_, Some(max))] = bounds
            && 0 <= max
            && max < min
        {
            findings.invalid(
                group.path().field("minReplicas"),
                format!("the group wants {min} replicas at least, and may have {max} at most"),
                format!("write {max} or less, or a higher maxReplicas"),
            );
        }
    }
}
