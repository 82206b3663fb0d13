//! The autoscaler's updates, which the chart's webhooks do not receive.

use rayguard_manifest::json::Json;
use rayguard_policy::context::{Context, Environment};
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Level;

use super::{Case, assert_none, evaluated};

/// Returns a RayCluster whose worker groups have this number of workers, and name a worker that is to be deleted. The groups
/// have the same order or the reverse one.
fn scaled(cluster: &Json<'static>, replicas: &'static str, is_reversed: bool) -> Json<'static> {
    let mut cluster = cluster.clone();
    let spec = cluster.as_object_mut().and_then(|cluster| cluster.get_mut("spec")).and_then(Json::as_object_mut);
    let groups = spec.and_then(|spec| spec.get_mut("workerGroupSpecs"));
    if let Some(Json::Array(groups)) = groups {
        if is_reversed {
            groups.reverse();
        }
        for group in groups.iter_mut().filter_map(Json::as_object_mut) {
            group.insert("replicas", read(replicas));
            group.insert("scaleStrategy", read(r#"{"workersToDelete":["worker"]}"#));
        }
    }
    cluster
}

fn read(text: &'static str) -> Json<'static> {
    serde_json::from_str(text).expect("JSON")
}

/// The match conditions of the chart exclude these updates, so that the autoscaler scales while rayguard is unavailable.
/// Kueue's own webhook checks the numbers of workers that `invalid-kueue-topology` checks.
#[test]
fn no_update_of_the_autoscaler_is_denied_or_gets_a_default() {
    let mut faults = Vec::new();
    let mut checked = 0;
    for (case, _) in evaluated() {
        let Case { example, policy, others, document, .. } = &case;
        let stored = case.stored(document);
        if stored.field("kind").as_str() != Some("RayCluster") || example.rule.name == "invalid-kueue-topology" {
            continue;
        }
        let numbers = ["0", "1", "1000"];
        let updates = [false, true].map(|is_reversed| numbers.map(|it| (it, scaled(&stored, it, is_reversed))));
        let old = RayObject::read(&stored).expect("a RayCluster");
        for (replicas, update) in updates.as_flattened() {
            if *update == stored {
                continue; // it has no worker groups
            }
            checked += 1;
            let new = RayObject::read(update).expect("a RayCluster");
            let environment = Environment { cluster: others, ..Environment::EMPTY };
            let context = Context::new(&new, &policy.settings).within(environment).replacing(Some(&old as _));
            let denied = policy.review(&context).into_iter().filter(|finding| finding.level == Level::Deny);
            faults.extend(denied.map(|it| format!("{example}: {replicas} workers: {} {}", it.rule.name, it.path)));
            if !policy.mutate(&new, Some(&old)).0.is_empty() {
                faults.push(format!("{example}: {replicas} workers: a patch"));
            }
        }
    }
    assert_none(&faults);
    assert!(checked > 600, "{checked} updates");
}
