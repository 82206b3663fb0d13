//! The forecast: what was measured, and the laws that hold for every object.

mod doubts;
mod laws;
mod measured;
mod page;

use rayguard_manifest::json::Json;
use rayguard_policy::context::Context;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::survival::{Event, Forecast, Options, forecast};
use serde_json::Value;

/// Returns the forecast of an object for all events.
fn forecast_of(object: &Value, options: &Options) -> Option<Forecast> {
    let text = object.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let object = RayObject::read(&json)?;
    let policy = Policy::default();
    forecast(&Context::new(&object, &policy.settings), options, &Event::ALL)
}
