#![doc = include_str!("invalid_reconnect_timeout.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::timeout::{RECONNECT_TIMEOUT, ReconnectTimeout, TimeoutError};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "invalid-reconnect-timeout",
    summary: "a reconnect timeout that makes Ray crash, give up at once, or never give up",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_reconnect_timeout.md"),
    cel: Cel::Yes(include_str!("invalid_reconnect_timeout.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    for group in object.cluster.groups() {
        let ReconnectTimeout::Invalid(error) = object.reconnect_timeout(group, settings) else { continue };
        let what = match error {
            TimeoutError::Unreadable => "is not a whole number, and Ray crashes without a message",
            TimeoutError::Zero => "is 0, and Ray gives up as soon as it loses the GCS",
            TimeoutError::Endless => "is not from 1 to 4294967295, and Ray never gives up",
        };
        let example = if group.is_head() { 60 } else { 600 };
        let path = RayObject::reconnect_timeout_path(group);
        let written = path.value(object.json).and_then(Json::as_str);
        let finding = findings.invalid(
            path.clone(),
            format!("{RECONNECT_TIMEOUT} {what}"),
            format!("write the seconds as digits only, for example \"{example}\""),
        );
        if let Some(seconds) = written.and_then(seconds) {
            finding.fix_by_value(path, seconds);
        }
    }
}

/// Returns the seconds in a text that has spaces around the number, or the unit `s` after it.
fn seconds(text: &str) -> Option<String> {
    let bare = text.trim();
    let digits = bare.strip_suffix('s').unwrap_or(bare).trim_end();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u32>().is_ok_and(|it| it > 0);
    is_number.then(|| digits.to_owned())
}
