//! `autoscaling_config`. Serve's schema accepts any map, and the controller makes an `AutoscalingConfig` of it.

use rayguard_manifest::json::Json;

use super::fault::Place;
use super::walk::Walk;
use crate::spelling::quote;

/// The minor version of Ray 2 from which there is an `aggregation_function`.
const AGGREGATION: u8 = 51;
/// The minor version from which the model accepts null in `target_ongoing_requests`. The controller does not.
const NULL_TARGET: u8 = 49;

/// Reports what is wrong in an `autoscaling_config`. With `num_replicas: auto`, the maximum is 100 unless it is set, and
/// otherwise 1.
pub(super) fn check(walk: &mut Walk<'_, '_>, json: &Json<'_>, is_auto: bool, place: &Place<'_>) {
    if json.entries().is_empty() {
        return;
    }
    walk.model(walk.table.index("AutoscalingConfig"), json, place);
    let aggregation = json.field("aggregation_function");
    if walk.minor >= AGGREGATION && !aggregation.is_null() && walk.pydantic.is_string(aggregation) {
        let name = aggregation.as_str().unwrap_or_default();
        if !matches!(&*name.to_lowercase(), "mean" | "max" | "min") {
            let message = format_args!("must be mean, max or min, not {}", quote(name));
            walk.faults.invalid(&place.field("aggregation_function"), message, "write mean, max or min");
        }
    }
    if walk.minor >= NULL_TARGET && json.entry("target_ongoing_requests").is_some_and(Json::is_null) {
        let place = place.field("target_ongoing_requests");
        walk.faults.invalid(&place, "must not be null", "remove it, or write a number above 0");
    }
    let number = |name: &str| walk.pydantic.integer(json.field(name), false).filter(|number| *number >= 0.0);
    let minimum = if json.entry("min_replicas").is_some() { number("min_replicas") } else { Some(1.0) };
    let maximum = if json.entry("max_replicas").is_some() {
        number("max_replicas").filter(|number| *number > 0.0)
    } else {
        Some(if is_auto { 100.0 } else { 1.0 })
    };
    let (Some(minimum), Some(maximum)) = (minimum, maximum) else { return };
    let initial = number("initial_replicas");
    let default = |name: &str| if json.entry(name).is_none() { " by default" } else { "" };
    let at =
        |name: &'static str| if json.entry(name).is_some() { place.field(name) } else { place.field("max_replicas") };
    if maximum < minimum {
        let message = format_args!("is {minimum}, above max_replicas, which is {maximum}{}", default("max_replicas"));
        let place = if json.entry("min_replicas").is_some() { at("min_replicas") } else { at("max_replicas") };
        if json.entry("min_replicas").is_some() {
            walk.faults.invalid(&place, message, format!("write max_replicas of {minimum} or more"));
        } else {
            let message = format_args!("is {maximum}, below min_replicas, which is 1 by default");
            walk.faults.invalid(&place, message, "write max_replicas of 1 or more");
        }
    } else if let Some(initial) = initial {
        let place = place.field("initial_replicas");
        if initial < minimum {
            let message =
                format_args!("is {initial}, below min_replicas, which is {minimum}{}", default("min_replicas"));
            walk.faults.invalid(&place, message, "write a number from min_replicas to max_replicas");
        } else if initial > maximum {
            let message =
                format_args!("is {initial}, above max_replicas, which is {maximum}{}", default("max_replicas"));
            walk.faults.invalid(&place, message, "write a number from min_replicas to max_replicas");
        }
    }
}
