#![doc = include_str!("missing_container.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "missing-container",
    summary: "a head or worker group whose Pods have no container",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("missing_container.md"),
    cel: Cel::Yes(include_str!("missing_container.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(3) || !object.cluster.exists() {
        return;
    }
    for group in object.cluster.groups() {
        if group.ray_container().is_some() {
            continue;
        }
        let group_path = group.path();
        let is_written = group.json.as_object().is_some();
        findings.required(
            if is_written { group_path.fields(["template", "spec", "containers"]) } else { group_path },
            format!("the Pod of {} has no container, and KubeRay runs Ray in the first one", group.role()),
            "add a container with a Ray image",
        );
    }
}
