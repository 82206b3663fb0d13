#![doc = include_str!("short_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::{KUBERAY_WORKER_DEFAULT, RECONNECT_TIMEOUT, ReconnectTimeout};
use crate::rule::{Category, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "short-reconnect-timeout",
    summary: "workers that give up before a head can be back",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    docs: include_str!("short_reconnect_timeout.md"),
    check,
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if !object.fault_tolerance.is_on() {
        return;
    }
    let ReconnectTimeout::Seconds(head, _) = object.reconnect_timeout(&object.cluster.head, settings) else { return };
    let (floor, margin) = (settings.short_worker_reconnect_timeout, settings.reconnect_timeout_margin);
    for group in &object.cluster.workers {
        let ReconnectTimeout::Seconds(worker, _) = object.reconnect_timeout(group, settings) else { continue };
        // Where a worker does not even outlast the head, worker-reconnect-timeout has said so.
        let Some(above) = worker.checked_sub(head).filter(|above| *above > 0) else { continue };
        let message = if worker < floor {
            format!("the workers give up on the GCS after {worker} s, and a head is seldom back in less than {floor} s")
        } else if above < margin {
            format!("the workers give up on the GCS only {above} s after the head's {head} s, less than {margin} s")
        } else {
            continue;
        };
        let enough = u64::from(KUBERAY_WORKER_DEFAULT.max(floor)).max(u64::from(head) + u64::from(margin));
        findings.invalid(
            RayObject::reconnect_timeout_path(group),
            message,
            format!("set {RECONNECT_TIMEOUT} to \"{enough}\" or more"),
        );
    }
}
