#![doc = include_str!("empty_storage_namespace.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::pod::EnvValue;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::path::Step;

pub(super) static RULE: Rule = Rule {
    name: "empty-storage-namespace",
    summary: "a storage namespace that is shared with every other empty one",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("empty_storage_namespace.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(namespace) = object.storage_namespace() else { return };
    if namespace.value == EnvValue::Literal("".into()) {
        let path = namespace.path;
        let finding = findings.invalid(
            path.clone(),
            "the storage namespace is empty, one that all such clusters at this Redis share",
            "remove it: KubeRay then takes the cluster's UID",
        );
        // Of a variable, the whole of it.
        let is_of_variable = path.steps().last().and_then(Step::name) == Some("value");
        finding.fix_by_removal(path.take(path.steps().len() - usize::from(is_of_variable)));
    }
}
