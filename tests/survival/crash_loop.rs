//! A GCS that crashes again and again in one Pod: kubelet waits longer before each restart.

use std::time::Duration;

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::runs_at_once;

/// More than kubelet's longest back-off, 300 s.
const LIMIT: Duration = Duration::from_mins(10);

/// The number of crashes, after which kubelet waits for as long as it ever does.
const CRASHES: u32 = 8;

#[test]
fn the_actor_outlives_repeated_crashes_up_to_the_longest_back_off() {
    runs_at_once(3, |run| {
        let namespace = Namespace::create(&format!("crash-loop-{run}"));
        let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
        let object = Cluster::new("loop").object();
        namespace.apply(&object);
        namespace.ready_workers("loop", 1);
        let mut actor = Actor::create(&namespace, "loop", "counter", 0);
        for crash in 1..=CRASHES {
            let outage = Outage::observe(&namespace, "loop", LIMIT, |head| Loss::Crash.happen(&namespace, head));
            let fate = actor.fate(&namespace, "loop", Duration::from_mins(1));
            let same = outage.has_same_workers(&namespace, "loop");
            Observation::new("gcs-crash-loop", format!("nothing set; crash {crash} in one Pod"))
                .outage(&outage)
                .same_workers(same)
                .actors(fate)
                .record(&object, &[]);
            assert_eq!((fate, same), (Fate::Kept, true), "crash {crash}");
        }
    });
}
