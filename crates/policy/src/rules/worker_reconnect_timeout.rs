#![doc = include_str!("worker_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::timeout::{Origin, RAY_DEFAULT, RECONNECT_TIMEOUT, ReconnectTimeout, WORKER_MARGIN};
use crate::ray::{Group, RayObject};
use crate::rule::{Category, Check, Finding, Findings, Level, Rule, Scope};
use rayguard_manifest::json::Json;

pub(super) static RULE: Rule = Rule {
    name: "worker-reconnect-timeout",
    summary: "a worker gives up on the GCS no later than the head",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("worker_reconnect_timeout.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
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
            Some(best) => format!("set {RECONNECT_TIMEOUT} to more than {head}, best \"{best}\""),
            None => format!("set {RECONNECT_TIMEOUT} of the head to \"{RAY_DEFAULT}\""),
        };
        let message = format!("the workers give up on the GCS after {worker} s{source}, the head after {head} s");
        let finding = findings.invalid(path, message, help);
        if let Some(best) = head.checked_add(WORKER_MARGIN) {
            mend(group, best, finding);
        }
    }
}

/// Writes the timeout of a group where it is a number now, or is not written at all.
fn mend(group: &Group<'_>, seconds: u32, finding: &mut Finding) {
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
