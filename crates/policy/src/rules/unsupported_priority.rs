#![doc = include_str!("unsupported_priority.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsupported-priority",
    summary: "a worker group priority that Ray or its autoscaler does not support",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unsupported_priority.md"),
    cel: Cel::Yes(include_str!("unsupported_priority.cel.yaml")),
    check,
};

const MINIMUM: &str = "2.56.0";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(7) {
        return;
    }
    let cluster = &object.cluster;
    for group in &cluster.workers {
        if group.json.field("priority").as_i64().unwrap_or_default() == 0 {
            continue;
        }
        let path = || group.path().field("priority");
        if let Some(shortfall) = object.ray_version_shortfall(MINIMUM) {
            let message = format!("a priority needs Ray {MINIMUM} or later, but {shortfall}");
            let version = cluster.path().field("rayVersion");
            findings.invalid(path(), message, format!("set {version} to {MINIMUM} or later, or remove the priority"));
        }
        if !cluster.has_autoscaler_v2() {
            let message = "a priority needs version 2 of the autoscaler, which is not selected";
            let version = cluster.path().fields(["autoscalerOptions", "version"]);
            let switch =
                if cluster.autoscaler_v2_switch().is_some() { " and remove RAY_enable_autoscaler_v2" } else { "" };
            findings.invalid(path(), message, format!("set {version} to v2{switch}, or remove the priority"));
        }
    }
}
