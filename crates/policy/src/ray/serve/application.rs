//! An application: what Ray checks after the types of its fields.

use std::borrow::Cow;
use std::collections::HashMap;

use rayguard_manifest::json::Json;

use super::coerce::{Pydantic, is_integer};
use super::fault::{FaultKind, Place};
use super::walk::Walk;
use super::{logging, runtime_env};
use crate::reason::Reason;
use crate::spelling::quote;

/// The name of an application without one (`SERVE_DEFAULT_APP_NAME`, `python/ray/serve/_private/constants.py`).
const DEFAULT_NAME: &str = "default";
/// The route prefix of an application without one.
const DEFAULT_PREFIX: &str = "/";
/// The minor version of Ray 2 from which the controller checks the form of a route prefix when it applies a configuration.
const CHECKS_PREFIX: u8 = 39;

/// Reports what is wrong in an application, except in its deployments.
pub(super) fn check(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    for (key, value) in json.entries() {
        let place = place.field(key);
        match &**key {
            "import_path" => import_path(walk, value, &place),
            "route_prefix" => route_prefix(walk, value, &place),
            "runtime_env" => {
                let has_deployments = !json.field("deployments").items().is_empty();
                let merge = if has_deployments { runtime_env::Merge::Into } else { runtime_env::Merge::No };
                runtime_env::check(walk, value, merge, &place);
            }
            "logging_config" => logging::check(walk, value, &place),
            "name" if value.as_str() == Some("") => {
                walk.faults.invalid(&place, "must not be empty", "write a name");
            }
            "host" | "port" => {
                let message = "is not allowed in an application";
                walk.faults.forbidden(&place, message, format!("move it to http_options.{key}, next to applications"));
            }
            "external_scaler_enabled" if walk.minor >= 53 && Pydantic::boolean(value) == Some(true) => {
                external_scaler(walk, json, &place);
            }
            _ => {}
        }
    }
}

fn import_path(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    let Some(text) = json.as_str() else {
        if walk.pydantic.is_string(json) && !has_dot(json) {
            walk.faults.invalid(place, "names no variable of a module", EXAMPLE);
        }
        return;
    };
    let why = match text.matches(':').count() {
        0 if !text.contains('.') => "names no variable of a module",
        0 if text.ends_with('.') || text.rfind('.') == Some(0) => "starts or ends with a dot",
        1 if text.ends_with(':') || text.starts_with(':') => "starts or ends with a colon",
        0 | 1 => return,
        _ => "has more than one colon",
    };
    walk.faults.invalid(place, format_args!("{why}: {}", quote(text)), EXAMPLE);
}

/// Reports whether the text that Python makes of a number has a dot, as 1.5 and 1.5e+30 have.
fn has_dot(json: &Json<'_>) -> bool {
    let Json::Number(number) = json else { return false };
    let float = number.as_f64().unwrap_or_default();
    let is_without_exponent = (1e-4..1e16).contains(&float.abs());
    !is_integer(number) && (is_without_exponent || format!("{float:e}").contains('.'))
}

const EXAMPLE: &str = "write the module and the application in it, such as package.module:app";

fn route_prefix(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    let Some(text) = json.as_str() else {
        if !json.is_null() && walk.pydantic.is_string(json) {
            walk.faults.invalid(place, "must start with a slash", "write a path such as /app");
            if walk.minor < CHECKS_PREFIX {
                walk.faults.unless_the_code_allows();
            }
        }
        return;
    };
    let (why, help) = if !text.starts_with('/') {
        ("must start with a slash", "write a path such as /app")
    } else if text.len() > 1 && text.ends_with('/') {
        ("must not end with a slash", "remove the slash at the end")
    } else if text.contains(['{', '}']) {
        ("must not contain a brace", "remove the braces; Serve has no wildcards")
    } else {
        return;
    };
    walk.faults.invalid(place, format_args!("{why}: {}", quote(text)), help);
    if walk.minor < CHECKS_PREFIX {
        walk.faults.unless_the_code_allows();
    }
}

fn external_scaler(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    let is_autoscaled = |deployment: &Json<'_>| {
        !deployment.field("autoscaling_config").is_null() || deployment.field("num_replicas").as_str() == Some("auto")
    };
    if let Some(index) = json.field("deployments").items().iter().position(is_autoscaled) {
        let message = format_args!("is not allowed, because deployments[{index}] is autoscaled by Serve");
        walk.faults.forbidden(place, message, "remove it, or write num_replicas instead of the autoscaling");
    }
}

/// Reports names and route prefixes that two applications have.
pub(super) fn duplicates(walk: &mut Walk<'_, '_>, applications: &[Json<'_>], place: &Place<'_>) {
    let (mut names, mut prefixes) = (HashMap::new(), HashMap::new());
    for (index, application) in applications.iter().enumerate() {
        let place = place.index(index);
        for (field, default, seen) in
            [("name", DEFAULT_NAME, &mut names), ("route_prefix", DEFAULT_PREFIX, &mut prefixes)]
        {
            let entry = application.entry(field);
            let Some(value) = entry.map_or(Some(Cow::Borrowed(default)), |json| text(walk.pydantic, json)) else {
                continue;
            };
            let Some(first) = seen.get(&value) else {
                seen.insert(value, index);
                continue;
            };
            let value = quote(&value);
            let (message, help) = match entry {
                Some(_) => (format!("is {value}, as in applications[{first}]"), format!("write another {field}")),
                None => {
                    let message = format!("is missing and so {value}, as in applications[{first}]");
                    (message, format!("add a {field} that no other application has"))
                }
            };
            let reason = if entry.is_some() { Reason::Duplicate } else { Reason::Required };
            walk.faults.report(FaultKind::Duplicate, reason, &place.field(field), message, help);
        }
    }
}

/// Reports deployments with the same name. The controller applies one after the other.
pub(super) fn duplicate_deployments(walk: &mut Walk<'_, '_>, deployments: &[Json<'_>], place: &Place<'_>) {
    let mut names = HashMap::new();
    for (index, deployment) in deployments.iter().enumerate() {
        let Some(name) = deployment.field("name").as_str() else { continue };
        let Some(first) = names.get(name) else {
            names.insert(name, index);
            continue;
        };
        let message = format!("is {}, as in deployments[{first}], whose options it overrides", quote(name));
        let help = "write all options of the deployment in one item";
        walk.faults.report(FaultKind::Duplicate, Reason::Duplicate, &place.index(index).field("name"), message, help);
        walk.faults.unless_the_code_allows();
    }
}

/// Returns the text that pydantic makes of a value; `None` if it makes none, or if the text is not certain.
fn text<'j>(pydantic: Pydantic, json: &'j Json<'_>) -> Option<Cow<'j, str>> {
    match json {
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Bool(value) if pydantic == Pydantic::V1 => Some(Cow::Borrowed(if *value { "True" } else { "False" })),
        Json::Number(number) if pydantic == Pydantic::V1 && !number.is_f64() => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}
