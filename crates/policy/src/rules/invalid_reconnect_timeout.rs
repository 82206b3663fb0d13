#![doc = include_str!("invalid_reconnect_timeout.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::{Fault, RECONNECT_TIMEOUT, ReconnectTimeout};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::json::Json;

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
        let path = RayObject::reconnect_timeout_path(group);
        let written = path.value(object.json).and_then(Json::as_str);
        let finding = findings.invalid(
            path.clone(),
            format!("{RECONNECT_TIMEOUT} {what}"),
            format!("write seconds as digits and nothing else, as in \"{example}\""),
        );
        if let Some(seconds) = written.and_then(seconds) {
            finding.fix_by_value(path, seconds);
        }
    }
}

/// The seconds that a text says with blanks around them, or with their unit.
fn seconds(text: &str) -> Option<String> {
    let bare = text.trim();
    let digits = bare.strip_suffix('s').unwrap_or(bare).trim_end();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u32>().is_ok_and(|it| it > 0);
    is_number.then(|| digits.to_owned())
}
