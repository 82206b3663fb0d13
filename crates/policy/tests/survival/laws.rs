//! The laws of the forecast, for generated objects.

use proptest::prelude::*;
use rayguard_manifest::fix::Edit;
use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::rule::{Category, Level};
use rayguard_policy::survival::{
    ActorOutcome, Event, EventForecast, FaultTolerance, Forecast, Options, RequestOutcome,
};
use rayguard_test_support::law::review;
use rayguard_test_support::objects::{damaged, object};
use serde_json::{Value, json};

use super::forecast_of;

const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

fn options() -> impl Strategy<Value = Options> {
    (prop::option::of(0..2000_u32), 0..5000_u32, prop::option::of(0..5000_u32))
        .prop_map(|(image_pull, redis_outage, node_recovery)| Options { image_pull, redis_outage, node_recovery })
}

/// Returns the first outcome that is worse than before.
fn worse(before: &EventForecast, after: &EventForecast) -> Option<String> {
    let pods = before.groups.iter().zip(&after.groups).any(|(before, after)| after.outcome < before.outcome);
    let is_worse = pods
        || after.detached_actors < before.detached_actors
        || after.serve_requests < before.serve_requests
        || after.actors_on_head < before.actors_on_head;
    is_worse.then(|| format!("{}: {before:?}\n{after:?}", before.event))
}

fn any_worse(before: &Forecast, after: &Forecast) -> Option<String> {
    before.events.iter().zip(&after.events).find_map(|(before, after)| worse(before, after))
}

/// Returns the cluster's spec.
fn spec(object: &mut Value) -> &mut Value {
    let pointer = match object["kind"].as_str() {
        Some("RayService") => "/spec/rayClusterConfig",
        Some("RayJob") => "/spec/rayClusterSpec",
        Some("RayCronJob") => "/spec/jobTemplate/rayClusterSpec",
        _ => "/spec",
    };
    object.pointer_mut(pointer).expect("a spec")
}

/// Sets the timeout of each worker group that has a container.
fn set_timeouts(object: &mut Value, seconds: u32) {
    let Some(groups) = spec(object)["workerGroupSpecs"].as_array_mut() else { return };
    for group in groups {
        let Some(container) = group.pointer_mut("/template/spec/containers/0") else { continue };
        let mut env = container["env"].as_array().cloned().unwrap_or_default();
        env.retain(|var| var["name"] != TIMEOUT);
        env.push(json!({"name": TIMEOUT, "value": seconds.to_string()}));
        container["env"] = env.into();
    }
}

fn apply(object: &Value, edit: &Edit) -> Option<Value> {
    let text = object.to_string();
    let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    edit.apply(&mut json).then(|| Value::from(&json))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_object_gets_a_forecast(object in damaged(), options in options()) {
        if let Some(forecast) = forecast_of(&object, &options) {
            prop_assert_eq!(forecast.events.len(), Event::ALL.len());
            for event in &forecast.events {
                prop_assert!(event.gcs_away_seconds.max.is_none_or(|max| event.gcs_away_seconds.min <= max));
                prop_assert!(event.notes.iter().all(|note| note.chars().count() <= 120), "{:?}", event.notes);
            }
        }
    }

    #[test]
    fn a_longer_timeout_is_never_worse(object in object(), options in options(), one in 1..2000_u32, more in 0..2000_u32) {
        let (mut short, mut long) = (object.clone(), object);
        if spec_exists(&short) {
            set_timeouts(&mut short, one);
            set_timeouts(&mut long, one + more);
            let (short, long) = (forecast_of(&short, &options), forecast_of(&long, &options));
            prop_assert_eq!(short.zip(long).and_then(|(short, long)| any_worse(&short, &long)), None);
        }
    }

    #[test]
    fn a_longer_outage_is_never_better(object in object(), timeout in 1..3000_u32, less in options(), more in (0..2000_u32, 0..2000_u32, 0..2000_u32)) {
        let mut object = object;
        if spec_exists(&object) {
            set_timeouts(&mut object, timeout);
        }
        let longer = Options {
            image_pull: less.image_pull.map(|pull| pull + more.0),
            redis_outage: less.redis_outage + more.1,
            node_recovery: less.node_recovery.map(|recovery| recovery + more.2),
        };
        let (short, long) = (forecast_of(&object, &less), forecast_of(&object, &longer));
        prop_assert_eq!(long.zip(short).and_then(|(long, short)| any_worse(&long, &short)), None);
    }

    #[test]
    fn what_a_rule_denies_is_not_promised(object in damaged(), options in options()) {
        let policy = Policy::default();
        let denies = review(&policy, &object, None).findings.iter().any(|finding| {
            finding.rule.category == Category::FaultTolerance && finding.level == Level::Deny
        });
        if let Some(forecast) = forecast_of(&object, &options).filter(|_| denies) {
            let loss = forecast.events.iter().find(|it| it.event == Event::HeadLoss).expect("all events");
            prop_assert!(loss.detached_actors < ActorOutcome::Kept);
        }
    }

    /// Fault tolerance makes a cluster depend on Redis, so its outage can then be worse. And settings of the storage that
    /// had no effect before can then stand against an upgrade, until the next change, or perhaps, if only the cluster
    /// knows them.
    #[test]
    fn changes_end_and_make_nothing_worse(object in object(), options in options(), event in 0..Event::ALL.len()) {
        let mut object = object;
        for step in 0.. {
            let Some(before) = forecast_of(&object, &options) else { break };
            let Some(change) = before.events[event].change.clone() else { break };
            let Some(value) = change.write.clone() else { break };
            prop_assert!(step < 12, "{change:?} {object}");
            let edit = Edit::Set { path: change.path.clone(), value };
            let Some(changed) = apply(&object, &edit) else {
                prop_assert!(false, "{change:?} cannot be applied to {object}");
                break;
            };
            let after = forecast_of(&changed, &options).expect("still a cluster");
            prop_assert_ne!(after.events[event].change.as_ref(), Some(&change), "{}", changed);
            for (before_event, after_event) in before.events.iter().zip(&after.events) {
                let is_next = after.fault_tolerance == FaultTolerance::Ineffective || after_event.change.is_some();
                let is_hidden = after_event.serve_requests == Some(RequestOutcome::Unknown);
                let needs_redis = matches!(before_event.event, Event::RedisOutage | Event::RedisDataLoss);
                if !(needs_redis || (is_next || is_hidden) && before_event.event == Event::Upgrade) {
                    prop_assert_eq!(worse(before_event, after_event), None, "{:?} {}", change, object);
                }
            }
            object = changed;
        }
    }
}

fn spec_exists(object: &Value) -> bool {
    let mut object = object.clone();
    let pointer = match object["kind"].as_str() {
        Some("RayService") => "/spec/rayClusterConfig",
        Some("RayJob") => "/spec/rayClusterSpec",
        Some("RayCronJob") => "/spec/jobTemplate/rayClusterSpec",
        _ => "/spec",
    };
    object.pointer_mut(pointer).is_some_and(|spec| spec.is_object())
}
