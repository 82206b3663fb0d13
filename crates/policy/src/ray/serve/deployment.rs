//! A deployment: what Ray checks after the types of its fields.

use rayguard_manifest::json::Json;

use super::coerce::{Pydantic, is_integer};
use super::fault::Place;
use super::runtime_env::{Fields, Merge};
use super::walk::{Walk, kind};
use super::{autoscaling, logging, replica, runtime_env};
use crate::spelling::quote;

/// The minor version of Ray 2 from which `num_replicas` can be `auto`.
const AUTO: u8 = 10;
/// The minor version from which there are gangs.
const GANGS: u8 = 55;
/// The minor version from which a gang can be scaled to zero.
const GANGS_TO_ZERO: u8 = 59;

/// Reports what is wrong in a deployment of an application.
pub(super) fn check(walk: &mut Walk<'_, '_>, json: &Json<'_>, environment: Fields<'_>, place: &Place<'_>) {
    let minor = walk.minor;
    let replicas = Replicas::read(walk, json, place);
    for (key, value) in json.entries() {
        let place = place.field(key);
        match &**key {
            "autoscaling_config" => {
                autoscaling::check(walk, value, replicas == Replicas::Auto, &place);
                if matches!(replicas, Replicas::Number(_)) && !value.is_null() {
                    let help = "remove num_replicas, or remove autoscaling_config";
                    walk.faults.forbidden(&place, "is not allowed next to a number in num_replicas", help);
                }
            }
            "max_queued_requests" if minor >= AUTO => max_queued_requests(walk, value, &place),
            "max_replicas_per_node" => max_replicas_per_node(walk, value, json, &place),
            "logging_config" => logging::check(walk, value, &place),
            "ray_actor_options" => replica::check_options(walk, value, &place),
            "request_router_config" if minor >= 48 => nested(walk, "RequestRouterConfig", value, &place),
            "gang_scheduling_config" if minor >= GANGS && !value.is_null() => gang(walk, json, value, replicas, &place),
            "deployment_actors" if minor >= GANGS => actors(walk, value, &place),
            "route_prefix" if minor < 39 => route_prefix(walk, value, &place),
            _ => {}
        }
    }
    replica::check_placement(walk, json, place);
    let options = json.field("ray_actor_options");
    if options.as_object().is_some() {
        let (own, place) = (options.field("runtime_env"), place.field("ray_actor_options"));
        runtime_env::check(walk, own, Merge::From, &place.field("runtime_env"));
        runtime_env::check_merged(walk, own, environment, &place);
    }
}

/// `num_replicas`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replicas {
    Auto,
    /// A whole number, or nothing if it is not known.
    Number(Option<i64>),
    Unset,
}

impl Replicas {
    /// Reads the field, and reports a text that is not `auto`.
    fn read(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) -> Self {
        let value = json.field("num_replicas");
        if walk.minor < AUTO && json.entry("num_replicas").is_some_and(Json::is_null) {
            // The schema accepts it, and the controller does not.
            walk.faults.invalid(&place.field("num_replicas"), "must not be null", "remove it, or write a whole number");
        }
        let is_text = match (walk.pydantic, value) {
            (_, Json::Null | Json::Array(_) | Json::Object(_)) => return Self::Unset,
            _ if walk.minor < AUTO => false,
            (_, Json::String(text)) if text == "auto" => return Self::Auto,
            // Version 1 tries the number first, and then the text.
            (Pydantic::V1, _) => walk.pydantic.integer(value, false).is_none_or(|number| number <= 0.0),
            (Pydantic::V2, Json::String(_)) => true,
            (Pydantic::V2, Json::Number(number)) if !is_integer(number) => return Self::Unset,
            (Pydantic::V2, _) => false,
        };
        if is_text {
            let what = match value {
                Json::String(text) => quote(text),
                Json::Number(number) => number.to_string(),
                _ => kind(value).to_owned(),
            };
            let message = format_args!("must be a whole number above 0 or auto, not {what}");
            walk.faults.invalid(&place.field("num_replicas"), message, "write a whole number above 0, or auto");
            return Self::Unset;
        }
        Self::Number(value.as_bool().map(i64::from).or_else(|| value.as_i64()))
    }
}

fn max_queued_requests(walk: &mut Walk<'_, '_>, value: &Json<'_>, place: &Place<'_>) {
    let limit = walk.pydantic.integer(value, true);
    if limit.is_some_and(|limit| limit < 1.0 && limit.to_bits() != (-1.0_f64).to_bits()) {
        walk.faults.invalid(place, "must be above 0, or -1 for no limit", "write a number above 0, or -1");
    }
}

fn max_replicas_per_node(walk: &mut Walk<'_, '_>, value: &Json<'_>, json: &Json<'_>, place: &Place<'_>) {
    let Some(number) = walk.pydantic.integer(value, false) else { return };
    if !(1.0..=100.0).contains(&number) {
        walk.faults.invalid(place, format_args!("must be from 1 to 100, not {number}"), "write a number from 1 to 100");
    }
    for (other, first) in [("placement_group_bundles", AUTO), ("gang_scheduling_config", GANGS)] {
        if walk.minor >= first && !json.field(other).is_null() {
            walk.faults.forbidden(
                place,
                format_args!("is not allowed next to {other}"),
                format!("remove it or {other}"),
            );
        }
    }
}

fn route_prefix(walk: &mut Walk<'_, '_>, value: &Json<'_>, place: &Place<'_>) {
    let is_valid = match value {
        Json::Null => true,
        Json::String(text) => {
            text.starts_with('/') && (text.len() == 1 || !text.ends_with('/')) && !text.contains(['{', '}'])
        }
        _ => !walk.pydantic.is_string(value),
    };
    if !is_valid {
        let help = "write a path such as /app, without a slash at the end and without braces";
        walk.faults.invalid(place, "is not a path of a route", help);
    }
}

/// Reports what is wrong in a map that the controller makes an object of.
fn nested(walk: &mut Walk<'_, '_>, model: &str, json: &Json<'_>, place: &Place<'_>) {
    if json.as_object().is_some() {
        walk.model(walk.table.index(model), json, place);
    }
}

fn gang(walk: &mut Walk<'_, '_>, json: &Json<'_>, config: &Json<'_>, replicas: Replicas, place: &Place<'_>) {
    nested(walk, "GangSchedulingConfig", config, place);
    if !json.field("placement_group_strategy").is_null() {
        let message = "is not allowed next to placement_group_strategy";
        walk.faults.forbidden(place, message, "write gang_placement_strategy in it, and remove the other one");
    }
    if config.field("runtime_failure_policy").as_str() == Some("RESTART_REPLICA") {
        let at = place.field("runtime_failure_policy");
        walk.faults.invalid(&at, "is not implemented: RESTART_REPLICA", "write RESTART_GANG, or remove it");
    }
    let size = walk.pydantic.integer(config.field("gang_size"), false).filter(|size| (1.0..1e15).contains(size));
    #[expect(clippy::cast_possible_truncation, reason = "the number is whole and fits")]
    let Some(size) = size.map(|size| size as i64) else { return };
    let divides = |number: i64| number.checked_rem(size) == Some(0);
    let at = place.field("gang_size");
    match replicas {
        Replicas::Number(Some(number)) if !divides(number) => {
            let message = format_args!("is {size}, which does not divide num_replicas, {number}");
            walk.faults.invalid(&at, message, "write num_replicas as a multiple of gang_size");
        }
        Replicas::Auto => {
            for name in ["min_replicas", "max_replicas", "initial_replicas"] {
                let bound = json.field("autoscaling_config").field(name);
                match bound {
                    Json::Null | Json::Bool(_) => {}
                    Json::Number(_) => {
                        let Some(number) = bound.as_i64() else { continue };
                        if !divides(number) {
                            let message = format_args!("is {size}, which does not divide {name}, {number}");
                            walk.faults.invalid(&at, message, format!("write {name} as a multiple of gang_size"));
                        } else if number == 0 && name == "min_replicas" && walk.minor < GANGS_TO_ZERO {
                            walk.faults.invalid(
                                &at,
                                "is not allowed with 0 in min_replicas",
                                "write min_replicas above 0",
                            );
                        }
                    }
                    _ => walk.faults.invalid(
                        &at,
                        format_args!("needs a whole number in {name}"),
                        format!("write {name} as a number"),
                    ),
                }
            }
        }
        Replicas::Unset if json.field("autoscaling_config").is_null() && size > 1 => {
            let message = format_args!("is {size}, and num_replicas is not set, which is 1 unless the code sets it");
            walk.faults.invalid(&at, message, "write num_replicas as a multiple of gang_size");
            walk.faults.unless_the_code_allows();
        }
        _ => {}
    }
}

fn actors(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    let mut names = std::collections::HashSet::new();
    for (index, actor) in json.items().iter().enumerate() {
        let place = place.index(index);
        nested(walk, "DeploymentActorConfig", actor, &place);
        if let Some(name) = actor.field("name").as_str()
            && !names.insert(name)
        {
            let message = format_args!("is the name of another actor: {}", quote(name));
            walk.faults.invalid(&place.field("name"), message, "write another name");
        }
    }
}
