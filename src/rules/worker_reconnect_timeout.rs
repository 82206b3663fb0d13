#![doc = include_str!("worker_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::{Origin, RAY_DEFAULT, RECONNECT_TIMEOUT, ReconnectTimeout, WORKER_MARGIN};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

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
        findings.invalid(path, message, help);
    }
}
