#![doc = include_str!("deprecated_api_version.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "deprecated-api-version",
    summary: "a version of the API that is going away and knows less",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("deprecated_api_version.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if object.api_version == "ray.io/v1alpha1" {
        let path = || FieldPath::of(["apiVersion"]);
        let message = "ray.io/v1alpha1 is deprecated, and drops gcsFaultToleranceOptions without a word";
        findings.invalid(path(), message, "write ray.io/v1").fix_by_value(path(), "ray.io/v1");
    }
}
