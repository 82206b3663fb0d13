//! Ray's autoscaler, versions 1 and 2, across the loss of the head.

use std::time::Duration;

use serde_json::{Value, json};

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;
use crate::wait::wait_for;

const LIMIT: Duration = Duration::from_mins(4);

/// An autoscaler that makes workers of one actor each.
fn cluster(version: &str) -> Value {
    Cluster::new("scaled")
        .worker_param("resources", r#""{\"slot\": 1}""#)
        .set("/workerGroupSpecs/0", "replicas", json!(0))
        .set("/workerGroupSpecs/0", "minReplicas", json!(0))
        .set("/workerGroupSpecs/0", "maxReplicas", json!(2))
        .set("", "enableInTreeAutoscaling", json!(true))
        .set(
            "",
            "autoscalerOptions",
            json!({
                "version": version, "idleTimeoutSeconds": 600,
                "imagePullPolicy": "IfNotPresent",
                "resources": {"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}},
            }),
        )
        .object()
}

fn lose(version: &str) {
    let namespace = Namespace::create(&format!("autoscaler-{version}"));
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let object = cluster(version);
    namespace.apply(&object);
    let head = namespace.ready_head("scaled");
    let mut first = Actor::create_on(&namespace, &head, "first", "slot").expect("the autoscaler adds a worker");
    namespace.ready_workers("scaled", 1);
    for run in runs(3) {
        let outage = Outage::observe(&namespace, "scaled", LIMIT, |head| Loss::Removal.happen(&namespace, head));
        let fate = first.fate(&namespace, "scaled", Duration::from_mins(1));
        let same = outage.has_same_workers(&namespace, "scaled");
        Observation::new("head-loss", format!("autoscaler {version}, nothing set"))
            .outage(&outage)
            .same_workers(same)
            .actors(fate)
            .record(&object, &[]);
        assert_eq!((fate, same), (Fate::Kept, true));
        if run == 0 {
            // The autoscaler of the new head still adds workers.
            let head = namespace.ready_head("scaled");
            let second = Actor::create_on(&namespace, &head, "second", "slot");
            println!("autoscaler {version} after the loss of the head: {:?}", second.as_ref().map(|it| &it.last));
            second.expect("the autoscaler adds a worker after the loss of the head");
            wait_for("two workers", LIMIT, || (namespace.workers("scaled").len() == 2).then_some(()));
        }
    }
}

#[test]
fn autoscaler_v1_goes_on_after_the_loss_of_the_head() {
    lose("v1");
}

#[test]
fn autoscaler_v2_goes_on_after_the_loss_of_the_head() {
    lose("v2");
}
