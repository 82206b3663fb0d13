#![doc = include_str!("unknown_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::{RECONNECT_TIMEOUT, ReconnectTimeout};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unknown-reconnect-timeout",
    summary: "a reconnect timeout that only the cluster knows",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("unknown_reconnect_timeout.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if !object.fault_tolerance.is_on() {
        return;
    }
    for group in object.cluster.groups() {
        if object.reconnect_timeout(group, settings) != ReconnectTimeout::Unknown {
            continue;
        }
        findings.invalid(
            RayObject::hidden_reconnect_timeout_path(group),
            format!(
                "{} may have any reconnect timeout, so nothing says whether the workers outlast the head",
                group.role()
            ),
            format!("set {RECONNECT_TIMEOUT} in env, as a literal value"),
        );
    }
}
