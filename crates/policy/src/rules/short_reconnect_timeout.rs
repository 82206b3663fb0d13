#![doc = include_str!("short_reconnect_timeout.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::timeout::{KUBERAY_WORKER_DEFAULT, RECONNECT_TIMEOUT, ReconnectTimeout};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::settings::RAY_DEFAULT_RECONNECT_TIMEOUT;

pub(super) static RULE: Rule = Rule {
    name: "short-reconnect-timeout",
    summary: "workers that may give up on the GCS before it is back",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("short_reconnect_timeout.md"),
    cel: Cel::Yes(include_str!("short_reconnect_timeout.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
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
        // worker-reconnect-timeout reports workers that do not wait longer than the head.
        if head.is_some_and(|head| worker <= head) {
            continue;
        }
        let message = match head {
            _ if worker < floor => {
                format!("the workers give up on the GCS after {worker} s, but the GCS can be away for {floor} s")
            }
            Some(head) if worker - head < margin => {
                let above = worker - head;
                format!(
                    "the workers give up on the GCS only {above} s after the head ({head} s); the minimum is {margin} s"
                )
            }
            _ => continue,
        };
        let help = match head.map_or(Some(0), |head| head.checked_add(margin)) {
            Some(enough) => {
                let enough = enough.max(floor).max(KUBERAY_WORKER_DEFAULT);
                format!("set {RECONNECT_TIMEOUT} to \"{enough}\" or more")
            }
            None => format!("set {RECONNECT_TIMEOUT} of the head to \"{RAY_DEFAULT_RECONNECT_TIMEOUT}\""),
        };
        findings.invalid(RayObject::reconnect_timeout_path(group), message, help);
    }
}
