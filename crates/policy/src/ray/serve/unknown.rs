//! Keys that a release of Ray does not know.

use rayguard_manifest::json::Json;

use super::fault::{FaultKind, Faults, Place};
use super::table::{Field, Model, Table, Type};
use crate::reason::Reason;
use crate::spelling::{closest, quote};

/// The names that replaced other ones.
const RENAMED: [(&str, &str); 5] = [
    ("max_concurrent_queries", "max_ongoing_requests"),
    ("target_num_ongoing_requests_per_replica", "target_ongoing_requests"),
    ("request_router_class", "request_router_config"),
    ("min_workers", "min_replicas"),
    ("max_workers", "max_replicas"),
];

/// Reports a key that the release does not know. Ray refuses it in a model that forbids such keys, and ignores it in any
/// other one.
pub(super) fn report(
    table: &Table,
    model: &Model,
    minor: u8,
    json: &Json<'_>,
    key: &str,
    place: &Place<'_>,
    faults: &mut Faults<'_, '_>,
) {
    let field = model.field(key);
    let is_name = key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let at = if is_name { place.field(key) } else { place.key(key) };
    if model.forbids {
        let help = advice(table, model, minor, json, key).unwrap_or_else(|| format!("remove {}", quote(key)));
        let message = match field.map(Field::minors) {
            Some((first, _)) if first > minor => format!("is not allowed before Ray 2.{first}"),
            _ => "is not allowed here".to_owned(),
        };
        faults.report(FaultKind::Option, Reason::Forbidden, &at, message, help);
        return;
    }
    if faults.is_full_of_keys() {
        return;
    }
    let is_required = |name: &str| {
        let variant = model.field(name).and_then(|field| field.of(minor));
        variant.is_some_and(|variant| variant.required) && json.entry(name).is_none()
    };
    if meant(model, minor, json, key).is_some_and(is_required) {
        // The field that is missing is reported, with this key.
        return;
    }
    let message = match field.map(Field::minors) {
        Some((first, _)) if first > minor => format!("is ignored before Ray 2.{first}"),
        Some((_, last)) if last < minor => format!("is ignored since Ray 2.{}", last + 1),
        _ => "is ignored, because Ray Serve does not know it".to_owned(),
    };
    let help = advice(table, model, minor, json, key).unwrap_or_else(|| "remove it".to_owned());
    faults.report(FaultKind::UnknownKey, Reason::NotSupported, &at, message, help);
}

/// Returns the key that is written instead of a field.
pub(super) fn misspelled<'j>(model: &Model, minor: u8, name: &str, json: &'j Json<'_>) -> Option<&'j str> {
    let entries = json.entries().iter().map(|(key, _)| &**key).take(64);
    entries.into_iter().find(|key| model.field(key).is_none() && meant(model, minor, json, key) == Some(name))
}

/// Returns the field of the model that is meant by an unknown key, if it is not there.
fn meant<'m>(model: &'m Model, minor: u8, json: &Json<'_>, key: &str) -> Option<&'m str> {
    let names: Vec<&str> = model.of(minor).map(|(field, _)| &*field.name).collect();
    let renamed = RENAMED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new);
    let found = match renamed.and_then(|new| names.iter().copied().find(|name| *name == new)) {
        Some(new) => Some(new),
        None => closest(&snake_case(key), &names),
    };
    found.filter(|name| json.entry(name).is_none())
}

/// Returns what to do with an unknown key.
fn advice(table: &Table, model: &Model, minor: u8, json: &Json<'_>, key: &str) -> Option<String> {
    if model.field(key).is_some_and(|field| field.minors().0 > minor) {
        return None;
    }
    let snake = snake_case(key);
    // A key that is in a child is moved. A similar name counts only if no child has the key itself.
    for (field, variant) in model.of(minor) {
        let Some(index) = table.described(&field.name).or_else(|| variant.types.iter().find_map(child)) else {
            continue;
        };
        if table.model(index).field(&snake).is_some_and(|known| known.of(minor).is_some()) {
            return Some(format!("move it into {}", field.name));
        }
    }
    if let Some(name) = meant(model, minor, json, key) {
        return Some(format!("rename it to {name}, or remove it"));
    }
    let parent = match &*model.name {
        "ServeApplicationSchema" => Some(("ServeDeploySchema", "next to applications")),
        "DeploymentSchema" => Some(("ServeApplicationSchema", "out of the deployment, into the application")),
        "RayActorOptionsSchema" | "AutoscalingConfig" => Some(("DeploymentSchema", "up into the deployment")),
        _ => None,
    };
    let (name, to) = parent?;
    let known = table.model(table.index(name)).field(&snake)?;
    known.of(minor).map(|_| format!("move it {to}"))
}

/// Returns the model of a value, or of the items of a list.
fn child(kind: &Type) -> Option<usize> {
    match kind {
        Type::Model(index) => Some(*index),
        Type::ListOf(types) => types.iter().find_map(child),
        _ => None,
    }
}

/// Returns a key in the spelling of Ray: `importPath` and `import-path` are `import_path`.
fn snake_case(key: &str) -> String {
    let mut snake = String::with_capacity(key.len().min(128));
    for character in key.chars().take(128) {
        if character.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.push(if character == '-' { '_' } else { character.to_ascii_lowercase() });
    }
    snake
}
