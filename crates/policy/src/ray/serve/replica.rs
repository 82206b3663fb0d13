//! The options and the placement of replicas, which the controller checks (`ReplicaConfig`,
//! `python/ray/serve/_private/config.py`).

use rayguard_manifest::json::Json;

use super::coerce::Pydantic;
use super::fault::Place;
use super::label;
use super::walk::{Walk, kind};
use crate::spelling::quote;

/// The least quantity of a resource above 0.
const PRECISION: f64 = 0.0001;

/// The strategies of a placement group.
const STRATEGIES: [&str; 4] = ["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"];

/// The minor version of Ray 2 from which there are label selectors.
const LABELS: u8 = 54;
/// The minor version from which there are gangs.
const GANGS: u8 = 55;

/// The last minor version of Ray 2 whose schema has `object_store_memory`. It makes a float of it, which the controller refuses.
const OBJECT_STORE: u8 = 24;

/// Reports what is wrong in `ray_actor_options`, after the types of its fields.
pub(super) fn check_options(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    for (key, value) in json.entries() {
        let place = place.field(key);
        match &**key {
            "num_cpus" | "num_gpus" | "memory" => {
                if let Some(number) = Pydantic::float(value).filter(|number| *number >= 0.0) {
                    quantity(walk, number, &place);
                }
            }
            "object_store_memory" if walk.minor <= OBJECT_STORE && !value.is_null() => {
                walk.faults.forbidden(&place, "is not accepted by the controller", "remove it");
            }
            "resources" => resources(walk, value, &place),
            "label_selector" if walk.minor >= LABELS => selector(walk, value, &place),
            "fallback_strategy" if walk.minor >= LABELS => fallback(walk, value, &place),
            _ => {}
        }
    }
}

fn quantity(walk: &mut Walk<'_, '_>, number: f64, place: &Place<'_>) {
    if !number.is_finite() {
        walk.faults.invalid(place, "must be a finite number", "write a number");
    } else if number > 0.0 && number < PRECISION {
        walk.faults.invalid(place, format_args!("must be 0 or at least 0.0001, not {number}"), "write 0.0001 or more");
    }
}

fn resources(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    for (name, value) in json.entries() {
        if walk.faults.is_full() {
            return;
        }
        let place = place.key(name);
        let instead = match &**name {
            "CPU" => Some("num_cpus"),
            "GPU" => Some("num_gpus"),
            "memory" | "object_store_memory" => Some("memory"),
            _ => None,
        };
        if let Some(instead) = instead {
            let help = format!("write {instead} in ray_actor_options instead");
            walk.faults.forbidden(&place, "is not allowed in resources", help);
            continue;
        }
        match value {
            Json::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                if number < 0.0 {
                    walk.faults.invalid(&place, format_args!("must not be negative, not {number}"), "write 0 or more");
                } else {
                    quantity(walk, number, &place);
                }
            }
            Json::Bool(_) => {}
            _ => walk.faults.invalid(&place, format_args!("must be a number, not {}", kind(value)), "write a number"),
        }
    }
}

fn selector(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    for (key, value) in json.entries() {
        if walk.faults.is_full() {
            return;
        }
        let place = place.key(key);
        if !label::is_key(key) {
            walk.faults.invalid(&place, "is not a key of a label", "write a key such as ray.io/node-id");
        } else if value.as_str().is_some_and(|value| !label::is_selector(value)) {
            let help = "write a value, !value, in(a,b) or !in(a,b)";
            walk.faults.invalid(&place, "is not a selector of a label's value", help);
        }
    }
}

fn fallback(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    for (index, strategy) in json.items().iter().enumerate() {
        let place = place.index(index);
        let Json::Object(object) = strategy else { continue };
        if object.0.is_empty() {
            walk.faults.invalid(&place, "must not be empty", "add a label_selector");
        }
        for (key, value) in &object.0 {
            let place = place.key(key);
            match (&**key, value) {
                ("label_selector", Json::Object(_)) => selector(walk, value, &place),
                ("label_selector", Json::Null | Json::Bool(false)) => {}
                ("label_selector", Json::String(text)) if text.is_empty() => {}
                ("label_selector", Json::Array(items)) if items.is_empty() => {}
                ("label_selector", Json::Number(number)) if number.as_f64() == Some(0.0) => {}
                ("label_selector", _) => {
                    walk.faults.invalid(&place, format_args!("must be a map, not {}", kind(value)), "write a map");
                }
                _ => walk.faults.forbidden(&place, "is not allowed here", "write only a label_selector"),
            }
        }
    }
}

/// Reports what is wrong in the placement group of a deployment's replicas.
pub(super) fn check_placement(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    let bundles = json.field("placement_group_bundles");
    let strategy = json.field("placement_group_strategy");
    if !strategy.is_null() && walk.pydantic.is_string(strategy) {
        let place = place.field("placement_group_strategy");
        if !strategy.as_str().is_some_and(|text| STRATEGIES.contains(&text)) {
            let what = strategy.as_str().map_or_else(|| kind(strategy).to_owned(), quote);
            let message = format_args!("must be one of {}, not {what}", STRATEGIES.join(", "));
            walk.faults.invalid(&place, message, "write PACK or another one of them");
        } else if json.entry("placement_group_bundles").is_none()
            && (walk.minor < GANGS || json.field("gang_scheduling_config").is_null())
        {
            let message = "has no placement_group_bundles next to it, so the code must have them";
            walk.faults.required(&place, message, "add placement_group_bundles");
            walk.faults.unless_the_code_allows();
        }
    }
    if let Json::Array(bundles) = bundles {
        let (at, options) = (place.field("placement_group_bundles"), place.field("ray_actor_options"));
        bundles_of(walk, bundles, json.entry("ray_actor_options"), &at, &options);
    }
    if walk.minor >= LABELS
        && let Json::Array(selectors) = json.field("placement_group_bundle_label_selector")
    {
        let place = place.field("placement_group_bundle_label_selector");
        if bundles.is_null() {
            let help = "add placement_group_bundles, or remove it";
            walk.faults.forbidden(&place, "is not allowed without placement_group_bundles", help);
        } else if let Json::Array(bundles) = bundles
            && selectors.len() != 1
            && selectors.len() != bundles.len()
        {
            let (count, of) = (selectors.len(), bundles.len());
            let message = format_args!("has {count} selectors for {of} bundles");
            walk.faults.invalid(&place, message, "write one selector for all bundles, or one for each");
        }
        for (index, item) in selectors.iter().enumerate() {
            selector(walk, item, &place.index(index));
        }
    }
}

fn bundles_of(
    walk: &mut Walk<'_, '_>,
    bundles: &[Json<'_>],
    options: Option<&Json<'_>>,
    place: &Place<'_>,
    options_place: &Place<'_>,
) {
    if bundles.is_empty() {
        walk.faults.invalid(place, "must not be empty", "add a map of resources, such as CPU: 1");
    }
    for (index, bundle) in bundles.iter().enumerate() {
        let is_map = bundle.items().is_empty() && walk.pydantic.is_map(bundle);
        if is_map && bundle.entries().iter().all(|(_, value)| Pydantic::float(value) == Some(0.0)) {
            walk.faults.invalid(&place.index(index), "has no resource above 0", "add a resource, such as CPU: 1");
        }
    }
    let Some(first @ Json::Object(_)) = bundles.first() else { return };
    let has = |name: &str| first.entry(name).map_or(Some(0.0), |value| Pydantic::float(value));
    // Without options, those of the code count. They need one CPU unless the code says otherwise.
    let is_certain = options.is_some();
    let empty = Json::Null;
    let options = options.unwrap_or(&empty);
    if options.entry("num_gpus").is_some_and(Json::is_null) {
        let message = "has placement_group_bundles next to it, and so num_gpus must not be null";
        walk.faults.invalid(options_place, message, "remove num_gpus, or write a number");
    }
    let cpus = if options.field("num_cpus").is_null() { Some(1.0) } else { Pydantic::float(options.field("num_cpus")) };
    let gpus = options.entry("num_gpus").map_or(Some(0.0), |value| Pydantic::float(value));
    let mut needs = vec![("CPU", cpus), ("GPU", gpus)];
    let custom = options.field("resources").entries();
    needs.extend(custom.iter().filter(|(name, _)| !matches!(&**name, "CPU" | "GPU")).take(64).map(|(name, value)| {
        (&**name, if matches!(value, Json::Number(_) | Json::Bool(_)) { Pydantic::float(value) } else { None })
    }));
    let missing: Vec<_> = needs
        .into_iter()
        .filter_map(|(name, need)| Some((name, need?, has(name)?)))
        .filter(|(_, need, has)| has < need)
        .take(8)
        .map(|(name, need, has)| (name.to_owned(), need, has))
        .collect();
    for (name, need, has) in missing {
        let name = if name.len() > 40 { quote(&name) } else { name };
        let message = format_args!("has {has} {name}, but the replica in it needs {need}");
        walk.faults.invalid(
            &place.index(0),
            message,
            "write at least what ray_actor_options ask for into the first bundle",
        );
        if !is_certain {
            walk.faults.unless_the_code_allows();
        }
    }
}
