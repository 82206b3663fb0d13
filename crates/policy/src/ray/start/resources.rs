//! The custom resources of a Ray node.

use std::collections::HashMap;

use rayguard_manifest::json::Json;

use super::command::Command;
use super::fault::Subject;
use super::parameters::Origin;
use super::python::{self, Parsed};
use crate::spelling::quote;

/// The largest quantity (`MAX_RESOURCE_QUANTITY`, `python/ray/_private/ray_constants.py`).
pub(super) const LARGEST: f64 = 100e12;

/// The number of resources that are reported.
const MOST: usize = 1000;

/// The environment variable that overrides resources.
const OVERRIDE: &str = "RAY_OVERRIDE_RESOURCES";

const HELP: &str = r#"write JSON in single quotes within the YAML string, as "'{\"accelerator\": 1}'""#;

/// Checks the parameter `resources` (`parse_resources_json`, `python/ray/_private/utils.py`; `_check_usage`,
/// `python/ray/_private/parameter.py`; `to_resource_dict`, `python/ray/_private/resource_and_label_spec.py`).
pub(super) fn check(command: &mut Command<'_, '_>) {
    let Some((text, index)) = command.text("resources") else { return };
    let json = match python::json(&text) {
        Parsed::Value(json) => json,
        // In a map of resources, Python would accept NaN and Infinity, and refuse them later.
        Parsed::Unknown if text.contains("\\u") => return,
        Parsed::Invalid | Parsed::Unknown => {
            let message = "ray start receives text that is not a JSON map of whole numbers";
            command.refuse(Subject::CustomResources, index, message, HELP);
            return;
        }
    };
    let Some(map) = json.as_object() else {
        command.refuse(Subject::CustomResources, index, "ray start accepts only a JSON map of resources", HELP);
        return;
    };
    let is_overridden = command.group.ray_container().is_some_and(|container| container.env_var(OVERRIDE).is_some());
    // Of two equal names, the last one counts.
    let last: HashMap<_, _> = map.0.iter().enumerate().map(|(at, (name, _))| (name, at)).collect();
    let faults: Vec<_> = map
        .0
        .iter()
        .enumerate()
        .filter(|(at, (name, _))| last.get(name) == Some(at))
        .filter_map(|(_, (name, value))| Some((name, fault(name, value, is_overridden)?)))
        .take(MOST)
        .map(|(name, (message, help))| (name.to_string(), message, help))
        .collect();
    for (name, message, help) in faults {
        let is_named = command.parameters[index].origin == Origin::Resources;
        let fault = command.refuse(Subject::CustomResources, index, message, help);
        if is_named {
            fault.path = std::mem::take(&mut fault.path).key(name);
        }
    }
}

fn fault(name: &str, value: &Json<'_>, is_overridden: bool) -> Option<(String, &'static str)> {
    let default = match name {
        "CPU" => Some("remove it, and set num-cpus"),
        "GPU" => Some("remove it, and set num-gpus"),
        "memory" => Some("remove it, and set memory as a parameter"),
        "object_store_memory" => Some("remove it, and set the parameter object-store-memory"),
        _ => None,
    };
    if let Some(help) = default {
        return Some((format!("Ray refuses {name} as a custom resource, because it has a parameter"), help));
    }
    if name == "node:__internal_head__" {
        return Some((format!("{name} is reserved, and ray start ends"), "write another name"));
    }
    if is_overridden {
        return None;
    }
    let shown = quote(name);
    match value {
        Json::Bool(_) => None,
        Json::Number(number) => {
            let quantity = number.as_f64().unwrap_or(f64::INFINITY);
            if quantity.fract() != 0.0 {
                Some((
                    format!("Ray accepts only whole numbers of a resource, unlike that of {shown}"),
                    "write a whole number",
                ))
            } else if quantity < 0.0 {
                Some((format!("Ray refuses the negative number of the resource {shown}"), "write 0 or more"))
            } else if quantity > LARGEST {
                Some((format!("Ray accepts at most 100 trillion of the resource {shown}"), "write a smaller number"))
            } else {
                None
            }
        }
        _ => {
            Some((format!("the value of the resource {shown} is not a number"), "write a whole number without quotes"))
        }
    }
}
