#![doc = include_str!("hidden_group_resources.md")]

use crate::context::Context;
use crate::ray::autoscaler::node_type::{TPU_ACCELERATOR, TPU_TOPOLOGY};
use crate::ray::autoscaler::reader::Autoscaler;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "hidden-group-resources",
    summary: "resources of a group that Ray's autoscaler does not see, or sees under another name",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("hidden_group_resources.md"),
    cel: Cel::No("it depends on what each release of Ray reads, and CEL cannot read the release in an image's tag"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let node_types = object.node_types();
    if node_types.is_empty() {
        return;
    }
    let Autoscaler { reader, .. } = Autoscaler::of(object);
    for node_type in node_types {
        let own = node_type.resources.entries();
        if !own.is_empty() && !reader.reads_group_resources() && node_type.missing_cpu(reader).is_none() {
            findings.invalid(
                node_type.group.path().field("resources"),
                "before Ray 2.51, the autoscaler does not read these resources, and counts others",
                "write them as limits of the Ray container or in rayStartParams, or use Ray 2.51",
            );
        } else if reader.reads_group_resources() {
            for known in ["CPU", "GPU", "memory"] {
                let mut others = own.iter().filter(|(name, _)| known_name(name) == Some(known)).peekable();
                // Without any CPU, autoscaled-group-without-cpu reports the name.
                if others.peek().is_none()
                    || node_type.resources.entry(known).is_some()
                    || known == "CPU" && node_type.missing_cpu(reader).is_some()
                {
                    continue;
                }
                let mut is_first = true;
                while let Some((name, _)) = others.next() {
                    let path = || node_type.group_resource_path(name);
                    let message =
                        format!("the autoscaler treats this as a custom resource: it reads {known} only by this name");
                    let finding = findings.invalid(path(), message, format!("write {known}"));
                    if std::mem::take(&mut is_first) && others.peek().is_none() {
                        finding.fix_by_name(path(), known);
                    }
                }
            }
        }
        if let Some(path) = node_type.missing_tpu_selector().filter(|_| !reader.needs_tpu_selectors()) {
            findings.required(
                path,
                "without this node selector, the autoscaler does not know the resource of the TPU slice's head",
                format!("write {TPU_TOPOLOGY} and {TPU_ACCELERATOR} for the TPU slice of this group"),
            );
        }
    }
}

/// Returns the name by which the autoscaler reads a resource that KubeRay reads by another name
/// (`updateRayStartParamsResources`, ray-operator/controllers/ray/common/pod.go:1649 at v1.7.0).
fn known_name(name: &str) -> Option<&'static str> {
    match name {
        "CPU" | "GPU" | "memory" => None,
        _ if name.eq_ignore_ascii_case("cpu") => Some("CPU"),
        _ if name.eq_ignore_ascii_case("memory") => Some("memory"),
        _ if name.len() >= 3
            && name.is_char_boundary(name.len() - 3)
            && name[name.len() - 3..].eq_ignore_ascii_case("gpu") =>
        {
            Some("GPU")
        }
        _ => None,
    }
}
