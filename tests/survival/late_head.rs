//! A head that starts late, as on a node that has to pull Ray's image first.

use std::time::Duration;

use serde_json::json;

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::{Cluster, ray_version};
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;
use crate::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(400);

/// Returns a cluster whose head starts this many seconds later than its Pod.
fn late(seconds: u32) -> Cluster {
    let wait = json!([{
        "name": "image-pull", "image": format!("docker.io/rayproject/ray:{}", ray_version()), "imagePullPolicy": "Never",
        "command": ["sleep", seconds.to_string()],
    }]);
    Cluster::new("late").set("/headGroupSpec/template/spec", "initContainers", wait)
}

fn lose(test: &str, delay: u32, cluster: &Cluster, configuration: &str, expected: Fate) {
    let namespace = Namespace::create(test);
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let object = cluster.object();
    namespace.apply(&object);
    namespace.ready_workers("late", 1);
    for run in runs(3) {
        let mut actor = Actor::create(&namespace, "late", &format!("counter-{run}"), 0);
        let outage = Outage::observe(&namespace, "late", LIMIT, |head| Loss::Removal.happen(&namespace, head));
        let restarted = || (!outage.has_same_workers(&namespace, "late")).then_some(());
        wait_until(Duration::from_secs(if expected == Fate::Kept { 5 } else { 60 }), restarted);
        let fate = actor.fate(&namespace, "late", Duration::from_secs(40));
        let same = outage.has_same_workers(&namespace, "late");
        let pull = delay.to_string();
        Observation::new("node-loss", format!("{configuration}; the head starts {delay} s late"))
            .outage(&outage)
            .same_workers(same)
            .actors(fate)
            .note("the Pod is deleted without grace, and the new one waits in an init container")
            .record(&object, &["--node-recovery", "0", "--image-pull", &pull]);
        assert_eq!((fate, same), (expected, expected == Fate::Kept));
        namespace.ready_workers("late", 1);
    }
}

#[test]
fn kuberays_600_s_cover_an_image_pull_of_two_minutes() {
    lose("late-120", 120, &late(120), "nothing set: head 60 s, workers 600 s", Fate::Kept);
}

#[test]
fn a_worker_of_61_s_does_not_cover_an_image_pull_of_70_s() {
    lose("late-70", 70, &late(70).worker_timeout("61"), "head 60 s (unset), workers 61 s", Fate::Gone);
}
