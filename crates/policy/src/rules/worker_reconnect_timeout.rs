#![doc = include_str!("worker_reconnect_timeout.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::timeout::{Origin, RECONNECT_TIMEOUT, ReconnectTimeout, WORKER_MARGIN};
use crate::ray::{Group, RayObject};
use crate::rule::{Category, Cel, Finding, Findings, Input, Level, Rule, Scope};
use crate::settings::RAY_DEFAULT_RECONNECT_TIMEOUT;

pub(crate) static RULE: Rule = Rule {
    name: "worker-reconnect-timeout",
    summary: "workers that give up on the GCS no later than the head",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("worker_reconnect_timeout.md"),
    cel: Cel::Yes(include_str!("worker_reconnect_timeout.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if !object.fault_tolerance.is_on() {
        return;
    }
    let ReconnectTimeout::Seconds(head, _) = object.reconnect_timeout(&object.cluster.head, settings) else { return };
    for group in &object.cluster.workers {
        let ReconnectTimeout::Seconds(worker, origin) = object.reconnect_timeout(group, settings) else { continue };
        if worker > head {
            continue;
        }
        let path = RayObject::reconnect_timeout_path(group);
        let source = match origin {
            Origin::Set => "",
            Origin::KubeRayDefault => " (KubeRay's default)",
            Origin::RayDefault => " (Ray's default)",
        };
        let help = match head.checked_add(WORKER_MARGIN) {
            Some(best) => format!("set {RECONNECT_TIMEOUT} to more than {head}, preferably \"{best}\""),
            None => format!("set {RECONNECT_TIMEOUT} of the head to \"{RAY_DEFAULT_RECONNECT_TIMEOUT}\""),
        };
        let message = format!("the workers give up on the GCS after {worker} s{source}, the head after {head} s");
        let finding = findings.invalid(path, message, help);
        if let Some(best) = head.checked_add(WORKER_MARGIN) {
            fix(group, best, finding);
        }
    }
}

/// Adds a fix that sets the timeout of a group, if the timeout is a literal number or is not set.
fn fix(group: &Group<'_>, seconds: u32, finding: &mut Finding) {
    let Some(container) = group.ray_container() else { return };
    match container.env_var(RECONNECT_TIMEOUT) {
        Some(var) if var.literal().is_some_and(|value| !value.contains('$')) => {
            finding.fix_by_value(var.value_path(), seconds.to_string());
        }
        Some(_) => {}
        None => {
            let fields = [("name", RECONNECT_TIMEOUT.to_owned()), ("value", seconds.to_string())];
            let var: Json<'static> = fields.into_iter().map(|(name, value)| (name.into(), Json::from(value))).collect();
            finding.fix_by_value(container.env_path().index(container.env().count()), var);
        }
    }
}
