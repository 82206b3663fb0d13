//! `logging_config`.

use rayguard_manifest::json::Json;

use super::coerce::Pydantic;
use super::fault::Place;
use super::walk::Walk;
use crate::spelling::quote;

/// The names of levels, and their numbers, of Python's `logging`.
const LEVELS: [&str; 8] = ["CRITICAL", "FATAL", "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "NOTSET"];
const NUMBERS: [f64; 6] = [0.0, 10.0, 20.0, 30.0, 40.0, 50.0];

/// The attributes of a record of Python's `logging` (`LOGRECORD_STANDARD_ATTRS`,
/// `python/ray/_common/logging_constants.py`).
const ATTRIBUTES: [&str; 23] = [
    "args",
    "asctime",
    "created",
    "exc_info",
    "exc_text",
    "filename",
    "funcName",
    "levelname",
    "levelno",
    "lineno",
    "message",
    "module",
    "msecs",
    "msg",
    "name",
    "pathname",
    "process",
    "processName",
    "relativeCreated",
    "stack_info",
    "taskName",
    "thread",
    "threadName",
];

/// Reports what is wrong in a `logging_config`, after the types of its fields.
pub(super) fn check(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    for (key, value) in json.entries() {
        let place = place.field(key);
        match &**key {
            "encoding" if walk.pydantic.is_string(value) && !matches!(value.as_str(), Some("TEXT" | "JSON")) => {
                walk.faults.invalid(&place, "must be TEXT or JSON", "write TEXT or JSON");
            }
            "log_level" => level(walk, value, &place),
            "additional_log_standard_attrs" if walk.minor >= 44 => {
                for (index, item) in value.items().iter().enumerate() {
                    if let Some(name) = item.as_str().filter(|name| !ATTRIBUTES.contains(name)) {
                        let message = format_args!("is not an attribute of a log record: {}", quote(name));
                        walk.faults.invalid(&place.index(index), message, "write one such as name, or remove it");
                    }
                }
            }
            _ => {}
        }
    }
}

fn level(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    // Version 2 prefers the type that the value has. Version 1 tries the number first.
    let number = match json {
        Json::String(_) if walk.pydantic == Pydantic::V2 => None,
        _ => walk.pydantic.integer(json, false),
    };
    let is_level = match (number, json) {
        (Some(number), _) => NUMBERS.contains(&number),
        (None, Json::String(text)) => LEVELS.contains(&&**text),
        _ => return,
    };
    if !is_level {
        let help = match json.as_str().map(str::to_uppercase) {
            Some(upper) if LEVELS.contains(&&*upper) => format!("write {upper}"),
            _ => "write DEBUG, INFO, WARNING, ERROR or CRITICAL".to_owned(),
        };
        walk.faults.invalid(place, "is not a level of Python's logging", help);
    }
}
