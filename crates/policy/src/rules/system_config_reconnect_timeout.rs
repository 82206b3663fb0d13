#![doc = include_str!("system_config_reconnect_timeout.md")]

use crate::context::Context;
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "system-config-reconnect-timeout",
    summary: "a reconnect timeout in system-config, which actors use and Ray nodes ignore",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("system_config_reconnect_timeout.md"),
    cel: Cel::Yes(include_str!("system_config_reconnect_timeout.cel.yaml")),
    check,
};

const PARAM: &str = "system-config";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let head = &object.cluster.head;
    // The value is JSON in shell quotes and can be escaped in several ways; the name itself is never escaped.
    let name = RECONNECT_TIMEOUT.trim_start_matches("RAY_");
    if head.ray_start_param(PARAM).is_some_and(|config| config.contains(name)) {
        findings.invalid(
            head.ray_start_param_path(PARAM),
            format!("Ray nodes ignore {name} in system-config, but actors prefer it to their environment"),
            format!("remove it, and set the variable {RECONNECT_TIMEOUT} on the head and the workers"),
        );
    }
}
