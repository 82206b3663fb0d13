//! Ray's own document about GCS fault tolerance.
//!
//! <https://docs.ray.io/en/latest/ray-core/fault_tolerance/gcs.html>

use std::time::Duration;

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::wait::wait_for;

const LIMIT: Duration = Duration::from_mins(4);

/// "The raylet keeps retrying to connect for 60 s" is what Ray does without the variable. KubeRay sets none for workers of
/// a cluster without fault tolerance.
#[test]
fn a_worker_without_the_variable_gives_up_after_60_s() {
    let namespace = Namespace::create("ray-default");
    let object = Cluster::new("plain").without_fault_tolerance().object();
    namespace.apply(&object);
    namespace.ready_workers("plain", 1);
    let mut actor = Actor::create(&namespace, "plain", "counter", 0);
    // The head stays for its own 60 s after SIGTERM, so there is no GCS that could answer the worker before it gives up.
    let outage = Outage::observe(&namespace, "plain", LIMIT, |head| Loss::Stop.happen(&namespace, head));
    wait_for("the end of the worker", LIMIT, || (!outage.has_same_workers(&namespace, "plain")).then_some(()));
    let fate = actor.fate(&namespace, "plain", Duration::from_secs(30));
    Observation::new("gcs-stop", "no fault tolerance")
        .outage(&outage)
        .same_workers(false)
        .actors(fate)
        .record(&object, &[]);
    assert_eq!(fate, Fate::Gone);
}

#[test]
fn without_fault_tolerance_each_loss_of_the_head_loses_the_actors_on_workers() {
    let namespace = Namespace::create("ray-plain");
    let object = Cluster::new("plain").without_fault_tolerance().object();
    namespace.apply(&object);
    for loss in [Loss::Crash, Loss::Removal, Loss::Deletion] {
        namespace.ready_workers("plain", 1);
        let mut actor = Actor::create(&namespace, "plain", "counter", 0);
        let outage = Outage::observe(&namespace, "plain", LIMIT, |head| loss.happen(&namespace, head));
        wait_for("the end of the worker", LIMIT, || (!outage.has_same_workers(&namespace, "plain")).then_some(()));
        let fate = actor.fate(&namespace, "plain", Duration::from_secs(20));
        Observation::new(loss.event(), "no fault tolerance")
            .outage(&outage)
            .same_workers(false)
            .actors(fate)
            .record(&object, &[]);
        assert_eq!(fate, Fate::Gone, "{loss:?}");
    }
}
