#![doc = include_str!("invalid_serve_config.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::serve::ServeConfig;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-serve-config",
    summary: "a serveConfigV2 that Ray Serve cannot read",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("invalid_serve_config.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    if let ServeConfig::Invalid(why, at) = context.serve_config() {
        let message = format!("no application starts with this serveConfigV2: {why}");
        let help = "write a YAML map with a list of applications";
        findings.invalid(RayObject::serve_config_path(), message, help).within(at);
    }
}
