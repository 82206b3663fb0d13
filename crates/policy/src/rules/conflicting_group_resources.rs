#![doc = include_str!("conflicting_group_resources.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-group-resources",
    summary: "resources of a group in rayStartParams and in the group itself",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["resource fields should not be set in both rayStartParams and Resources"],
    docs: include_str!("conflicting_group_resources.md"),
    check: Check::Object(check),
};

/// The parameters of `ray start` that say what a node has, and what to write instead of them.
const PARAMS: [(&str, &str); 4] = [
    ("num-cpus", "remove it, and write CPU into the group's resources"),
    ("num-gpus", "remove it, and write GPU into the group's resources"),
    ("memory", "remove it, and write memory into the group's resources"),
    ("resources", "remove it, and write each resource by its name into the group's resources"),
];

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(5) {
        return;
    }
    for group in object.cluster.groups().filter(|group| group.has_resources()) {
        for (param, help) in PARAMS {
            if group.ray_start_param(param).is_some_and(|value| !value.is_empty()) {
                findings.forbidden(
                    group.ray_start_param_path(param),
                    "beside the group's own resources KubeRay takes none in rayStartParams",
                    help,
                );
            }
        }
    }
}
