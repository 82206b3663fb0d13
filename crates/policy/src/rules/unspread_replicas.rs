#![doc = include_str!("unspread_replicas.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unspread-replicas",
    summary: "replicas of a Serve deployment that may all run in one Pod",
    category: Category::HighAvailability,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unspread_replicas.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if !object.fault_tolerance.is_on() {
        return;
    }
    for deployment in context.serve_config().deployments() {
        if deployment.replicas.is_some_and(|replicas| replicas > 1) && !deployment.is_spread {
            let message =
                format!("all replicas of deployment {:?} may run in one Pod, and are lost with it", deployment.name);
            let help = "write max_replicas_per_node: 1";
            findings.invalid(RayObject::serve_config_path(), message, help).within(&deployment.at);
        }
    }
}
