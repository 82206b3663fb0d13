//! What other versions of Ray do when the GCS is stopped or the head is lost.

use std::time::Duration;

use crate::actor::Actor;
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;

const LIMIT: Duration = Duration::from_mins(4);

fn lose(version: &'static str) {
    let name = format!("ray-{}", version.replace('.', "-"));
    let namespace = Namespace::create(&name);
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let object = Cluster::new("older").ray(version).object();
    namespace.apply(&object);
    namespace.ready_workers("older", 1);
    let mut actor = Actor::create(&namespace, "older", "counter", 0);
    for _ in runs(3) {
        for loss in [Loss::Crash, Loss::Removal, Loss::Stop, Loss::Removal, Loss::Deletion] {
            let outage = Outage::observe(&namespace, "older", LIMIT, |head| loss.happen(&namespace, head));
            let fate = actor.fate(&namespace, "older", Duration::from_mins(1));
            let same = outage.has_same_workers(&namespace, "older");
            Observation::new(loss.event(), "nothing set: head 60 s, workers 600 s")
                .ray(version)
                .outage(&outage)
                .same_workers(same)
                .actors(fate)
                .record(&object, &[]);
            assert_eq!((fate.word(), same), ("kept", true), "{loss:?}");
        }
    }
}

#[test]
fn ray_2_46() {
    lose("2.46.0");
}

#[test]
fn ray_2_52() {
    lose("2.52.1");
}

#[test]
fn ray_2_60() {
    lose("2.60.0");
}
