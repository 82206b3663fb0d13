//! Clusters that rayguard refuses because fault tolerance is not what its author believes: each starts, and loses its
//! actors with its head. The cluster that the message asks for does not.

use std::time::Duration;

use serde_json::Value;

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::wait::wait_for;

const LIMIT: Duration = Duration::from_mins(4);

/// Loses the head of the refused object, and then that of the cured one.
fn lose(test: &str, rule: &'static str, refused: &Value, cured: &Value) {
    let namespace = Namespace::create(test);
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    namespace.apply(cured);
    namespace.ready_workers("cured", 1);
    let refusal = namespace.apply_exempt(refused);
    assert!(refusal.contains(&format!("({rule})")), "{refusal}");
    namespace.ready_workers("refused", 1);
    for (cluster, object, is_kept) in [("refused", refused, false), ("cured", cured, true)] {
        let mut actor = Actor::create(&namespace, cluster, "counter", 0);
        let outage = Outage::observe(&namespace, cluster, LIMIT, |head| Loss::Removal.happen(&namespace, head));
        let limit = Duration::from_secs(if is_kept { 40 } else { 15 });
        let fate = actor.fate(&namespace, cluster, limit);
        if !is_kept {
            // The worker is not part of the new cluster, and ends some time later.
            wait_for("the end of the worker", LIMIT, || (!outage.has_same_workers(&namespace, cluster)).then_some(()));
        }
        let same = outage.has_same_workers(&namespace, cluster);
        Observation::new(
            Loss::Removal.event(),
            format!("{rule}: {}", if is_kept { "as the help says" } else { "refused" }),
        )
        .outage(&outage)
        .same_workers(same)
        .actors(fate)
        .record(object, &[]);
        assert_eq!((fate, same), if is_kept { (Fate::Kept, true) } else { (Fate::Gone, false) }, "{cluster}");
    }
}

#[test]
fn missing_redis_address() {
    let refused = Cluster::new("refused").only_annotation().object();
    lose("missing-address", "missing-redis-address", &refused, &Cluster::new("cured").by_annotation().object());
}

/// KubeRay takes only `true` for on.
#[test]
fn ineffective_fault_tolerance() {
    let refused = Cluster::new("refused").without_fault_tolerance().annotate("ray.io/ft-enabled", "yes").object();
    lose("ineffective", "ineffective-fault-tolerance", &refused, &Cluster::new("cured").by_annotation().object());
}
