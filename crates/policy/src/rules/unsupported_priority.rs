#![doc = include_str!("unsupported_priority.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsupported-priority",
    summary: "a worker group's priority that Ray or its autoscaler does not know",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "priority is set, but RayVersion was not specified",
        "priority is set, but RayVersion format is invalid",
        "priority is set, but minimum Ray version is 2.56.0",
        "Priority is only supported with autoscaler v2 enabled",
    ],
    docs: include_str!("unsupported_priority.md"),
    check: Check::Object(check),
};

const MINIMUM: &str = "2.56.0";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
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
            let message = format!("a priority needs Ray {MINIMUM}, and {shortfall}");
            let version = cluster.path().field("rayVersion");
            findings.invalid(path(), message, format!("write {MINIMUM} or later at {version}, or remove this"));
        }
        if !cluster.has_autoscaler_v2() {
            let message = "a priority needs version 2 of the autoscaler, which is not asked for";
            let version = cluster.path().fields(["autoscalerOptions", "version"]);
            let switch =
                if cluster.autoscaler_v2_switch().is_some() { " and remove RAY_enable_autoscaler_v2" } else { "" };
            findings.invalid(path(), message, format!("write v2 at {version}{switch}, or remove this"));
        }
    }
}
