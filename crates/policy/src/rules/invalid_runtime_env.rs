#![doc = include_str!("invalid_runtime_env.md")]

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-runtime-env",
    summary: "a runtimeEnvYAML that is not a YAML map",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_runtime_env.md"),
    cel: Cel::No("it reads the YAML of `runtimeEnvYAML`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(job) = object.job() else { return };
    let text = job.text("runtimeEnvYAML");
    if text.is_empty() {
        return;
    }
    let (why, at) = match yaml::unmarshal(text) {
        Ok(Json::Null | Json::Object(_)) => return,
        Ok(_) => ("it is not a map".to_owned(), None),
        Err(error) => {
            let why = format!("line {} is not YAML: {:.60}", error.location.start.line, error.message);
            (why, Some(error.location.bytes))
        }
    };
    let message = format!("KubeRay cannot read runtimeEnvYAML: {why}");
    let help = "write a YAML map, such as pip: [requests]";
    findings.invalid(job.path().field("runtimeEnvYAML"), message, help).within = at;
}
