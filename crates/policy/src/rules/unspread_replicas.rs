#![doc = include_str!("unspread_replicas.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unspread-replicas",
    summary: "replicas of a Serve deployment that may all run in one Pod",
    category: Category::HighAvailability,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("unspread_replicas.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if !object.fault_tolerance.is_on() {
        return;
    }
    for deployment in object.serve_config().deployments() {
        if deployment.replicas.is_some_and(|replicas| replicas > 1) && !deployment.is_spread {
            let message =
                format!("all replicas of deployment {:?} may run in one Pod, and go with it", deployment.name);
            let help = "write max_replicas_per_node: 1";
            findings.invalid(RayObject::serve_config_path(), message, help).within(&deployment.at);
        }
    }
}
