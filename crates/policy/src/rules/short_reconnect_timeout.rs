#![doc = include_str!("short_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::{KUBERAY_WORKER_DEFAULT, RAY_DEFAULT, RECONNECT_TIMEOUT, ReconnectTimeout};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "short-reconnect-timeout",
    summary: "workers that give up before a head can be back",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("short_reconnect_timeout.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if !object.fault_tolerance.is_on() {
        return;
    }
    let head = match object.reconnect_timeout(&object.cluster.head, settings) {
        ReconnectTimeout::Seconds(head, _) => Some(head),
        ReconnectTimeout::Invalid(_) | ReconnectTimeout::Unknown => None,
    };
    let (floor, margin) = (settings.short_worker_reconnect_timeout, settings.reconnect_timeout_margin);
    for group in &object.cluster.workers {
        let ReconnectTimeout::Seconds(worker, _) = object.reconnect_timeout(group, settings) else { continue };
        // Where a worker does not even outlast the head, worker-reconnect-timeout has said so.
        if head.is_some_and(|head| worker <= head) {
            continue;
        }
        let message = match head {
            _ if worker < floor => format!(
                "the workers give up on the GCS after {worker} s, and a head is seldom back in less than {floor} s"
            ),
            Some(head) if worker - head < margin => {
                let above = worker - head;
                format!("the workers give up on the GCS only {above} s after the head's {head} s, less than {margin} s")
            }
            _ => continue,
        };
        let help = match head.map_or(Some(0), |head| head.checked_add(margin)) {
            Some(enough) => {
                let enough = enough.max(floor).max(KUBERAY_WORKER_DEFAULT);
                format!("set {RECONNECT_TIMEOUT} to \"{enough}\" or more")
            }
            None => format!("set {RECONNECT_TIMEOUT} of the head to \"{RAY_DEFAULT}\""),
        };
        findings.invalid(RayObject::reconnect_timeout_path(group), message, help);
    }
}
