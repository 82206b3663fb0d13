#![doc = include_str!("conflicting_group_resources.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-group-resources",
    summary: "resources of a group in both rayStartParams and the group's resources",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("conflicting_group_resources.md"),
    cel: Cel::Yes(include_str!("conflicting_group_resources.cel.yaml")),
    check,
};

/// The parameters of `ray start` that set the resources of a node, and the help for each of them.
const PARAMS: [(&str, &str); 4] = [
    ("num-cpus", "remove it, and set CPU in the group's resources"),
    ("num-gpus", "remove it, and set GPU in the group's resources"),
    ("memory", "remove it, and set memory in the group's resources"),
    ("resources", "remove it, and set each resource by its name in the group's resources"),
];

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(5) {
        return;
    }
    for group in object.cluster.groups().filter(|group| group.has_resources()) {
        for (param, help) in PARAMS {
            if group.ray_start_param(param).is_some_and(|value| !value.is_empty()) {
                findings.forbidden(
                    group.ray_start_param_path(param),
                    "KubeRay refuses resources in rayStartParams if the group has a resources field",
                    help,
                );
            }
        }
    }
}
