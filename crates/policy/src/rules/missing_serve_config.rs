#![doc = include_str!("missing_serve_config.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::ray::serve::ServeConfig;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "missing-serve-config",
    summary: "a RayService without a Serve configuration, which never becomes ready",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("missing_serve_config.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if object.kind != Kind::RayService {
        return;
    }
    let field = object.json.descend(["spec", "serveConfigV2"]);
    if matches!(context.serve_config(), ServeConfig::Absent) && (field.is_null() || field.as_str().is_some()) {
        let what = if field.is_null() { "there is no Serve configuration" } else { "the Serve configuration is empty" };
        let message = format!("{what}, so Ray Serve refuses it and the RayService never becomes ready");
        findings.required(RayObject::serve_config_path(), message, "add serveConfigV2 with a list of applications");
    }
}
