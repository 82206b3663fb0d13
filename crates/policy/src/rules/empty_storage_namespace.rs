#![doc = include_str!("empty_storage_namespace.md")]

use rayguard_manifest::path::Step;

use crate::context::Context;
use crate::ray::pod::EnvValue;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "empty-storage-namespace",
    summary: "an empty storage namespace, which all clusters with an empty one share",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("empty_storage_namespace.md"),
    cel: Cel::Yes(include_str!("empty_storage_namespace.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(namespace) = object.storage_namespace() else { return };
    if namespace.value == EnvValue::Literal("".into()) {
        let path = namespace.path;
        let finding = findings.invalid(
            path.clone(),
            "the storage namespace is empty, and all clusters on this Redis with an empty one share their tables",
            "remove it: KubeRay then uses the cluster's UID",
        );
        // Remove the whole variable, not only its value.
        let is_of_variable = path.steps().last().and_then(Step::name) == Some("value");
        finding.fix_by_removal(path.take(path.steps().len() - usize::from(is_of_variable)));
    }
}
