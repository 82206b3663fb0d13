#![doc = include_str!("invalid_serve_config.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::serve::{Applications, ServeConfig};
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-serve-config",
    summary: "a serveConfigV2 that Ray Serve cannot read",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_serve_config.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let path = RayObject::serve_config_path();
    match context.serve_config() {
        ServeConfig::Invalid(why, at) => {
            let message = format!("no application starts with this serveConfigV2: {why}");
            findings.invalid(path, message, "write a YAML map with a list of applications").within(at);
        }
        ServeConfig::Applications(Applications { duplicate_key: Some((what, at)), .. }) => {
            let finding =
                findings.report(Reason::Duplicate, path, what, "keep only one of the two; KubeRay uses the last one");
            finding.within(at);
            finding.at_most_warn();
        }
        _ => {}
    }
}
