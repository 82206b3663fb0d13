//! Parameters that need no further look.

use rayguard_manifest::json::Json;

use crate::ray::gcs::GcsFaultTolerance;
use crate::ray::{Group, RayObject};

/// Reports whether every version of Ray surely accepts the parameters of a group, because it has only the usual ones with
/// the usual values. Most groups are plain, and this costs a fraction of parsing the command line.
pub(super) fn is_plain(object: &RayObject<'_>, group: &Group<'_>) -> bool {
    let is_empty = |field: &str| group.json.field(field).entries().is_empty();
    let has_user = match object.fault_tolerance {
        GcsFaultTolerance::Options(options) => group.is_head() && !options.field("redisUsername").is_null(),
        _ => false,
    };
    !has_user
        && group.ray_start_params().all(|(name, value)| is_usual(name, value, group.is_head()))
        && is_empty("labels")
        && is_empty("resources")
}

fn is_usual(name: &str, value: &Json<'_>, is_head: bool) -> bool {
    let Json::String(text) = value else { return false };
    match name {
        "num-cpus" | "num-gpus" | "memory" => is_count(text),
        "block" | "no-monitor" | "disable-usage-stats" => matches!(&**text, "true" | "false"),
        "dashboard-host" | "node-ip-address" | "redis-password" => is_word(text),
        "include-dashboard" => is_head && matches!(&**text, "true" | "false"),
        "port" => is_head && text == "6379",
        "dashboard-port" => text == "8265",
        "metrics-export-port" => text == "8080",
        "dashboard-agent-listen-port" => text == "52365",
        _ => false,
    }
}

/// Reports whether a text is a whole number that is far below all bounds.
fn is_count(text: &str) -> bool {
    (1..15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reports whether a text is one word without quotes, or one variable. `true` would be a switch.
fn is_word(text: &str) -> bool {
    let word = text.strip_prefix('$').unwrap_or(text);
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':');
    !word.is_empty()
        && word.len() < 1000
        && word.bytes().all(is_inner)
        && !word.eq_ignore_ascii_case("true")
        && !word.eq_ignore_ascii_case("false")
}
