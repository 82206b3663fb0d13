#![doc = include_str!("invalid_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::{Fault, RECONNECT_TIMEOUT, ReconnectTimeout};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-reconnect-timeout",
    summary: "a reconnect timeout on which Ray crashes, gives up at once, or never gives up",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("invalid_reconnect_timeout.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    for group in object.cluster.groups() {
        let ReconnectTimeout::Invalid(fault) = object.reconnect_timeout(group, settings) else { continue };
        let what = match fault {
            Fault::Unreadable => "is not a whole number, and Ray crashes on it without a message",
            Fault::Zero => "is 0, and Ray gives up as soon as the GCS is away",
            Fault::Endless => "is not from 1 to 4294967295, and Ray never gives up",
        };
        let example = if group.is_head() { 60 } else { 600 };
        findings.invalid(
            RayObject::reconnect_timeout_path(group),
            format!("{RECONNECT_TIMEOUT} {what}"),
            format!("write seconds as digits and nothing else, as in \"{example}\""),
        );
    }
}
