#![doc = include_str!("system_config_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "system-config-reconnect-timeout",
    summary: "a reconnect timeout in system-config, which actors obey and Ray nodes ignore",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("system_config_reconnect_timeout.md"),
    check: Check::Object(check),
};

const PARAM: &str = "system-config";

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let head = &object.cluster.head;
    // The value is JSON in shell quotes, escaped in any of several ways; the name itself is never escaped.
    let name = RECONNECT_TIMEOUT.trim_start_matches("RAY_");
    if head.ray_start_param(PARAM).is_some_and(|config| config.contains(name)) {
        findings.invalid(
            head.ray_start_param_path(PARAM),
            format!("all actors obey {name} of system-config over their environment, while Ray nodes ignore it"),
            format!("remove it here, and set {RECONNECT_TIMEOUT} on the head and on the workers"),
        );
    }
}
