#![doc = include_str!("unknown_reconnect_timeout.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::timeout::{RECONNECT_TIMEOUT, ReconnectTimeout};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unknown-reconnect-timeout",
    summary: "a reconnect timeout whose value is not in the object",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unknown_reconnect_timeout.md"),
    cel: Cel::Yes(include_str!("unknown_reconnect_timeout.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
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
                "the reconnect timeout of {} is not in the object, so rayguard cannot compare head and workers",
                group.role()
            ),
            format!("set {RECONNECT_TIMEOUT} in env, as a literal value"),
        );
    }
}
