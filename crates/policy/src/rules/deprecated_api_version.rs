#![doc = include_str!("deprecated_api_version.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "deprecated-api-version",
    summary: "a deprecated API version that lacks newer fields",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("deprecated_api_version.md"),
    cel: Cel::Yes(include_str!("deprecated_api_version.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if object.api_version == "ray.io/v1alpha1" {
        let path = || FieldPath::of(["apiVersion"]);
        let message = "ray.io/v1alpha1 is deprecated, and silently drops gcsFaultToleranceOptions";
        findings.invalid(path(), message, "write ray.io/v1").fix_by_value(path(), "ray.io/v1");
    }
}
