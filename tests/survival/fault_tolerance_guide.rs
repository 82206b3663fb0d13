//! KubeRay's guide to GCS fault tolerance.
//!
//! <https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/kuberay-gcs-ft.html>

use std::time::Duration;

use rayguard_test_client::node::Node;

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::{Cluster, TIMEOUT};
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;

const LIMIT: Duration = Duration::from_mins(4);

/// The guide's steps: a detached actor counts, the GCS gets SIGTERM, and the actor goes on counting on the same worker.
pub(crate) fn follow_the_guide(name: &str) {
    let namespace = Namespace::create(name);
    let redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let object = Cluster::new("raycluster-external-redis").object();
    let said = namespace.apply(&object);
    assert_eq!(said.stderr, "", "rayguard warns of the cluster");
    let workers = namespace.ready_workers("raycluster", 1);

    // Step 7 of the guide: the timeouts of the head and the workers, as KubeRay and rayguard set them.
    let head = namespace.ready_head("raycluster");
    assert_eq!(namespace.run(&head, &["printenv", TIMEOUT]).stdout, "");
    assert_eq!(namespace.run(&workers[0], &["printenv", TIMEOUT]).passes().stdout, "600\n");

    // The tables are in Redis under the UID of the cluster.
    let cluster = namespace.kubectl.run("get raycluster raycluster-external-redis --output json").json();
    let uid = cluster["metadata"]["uid"].as_str().expect("a UID");
    let tables = redis.tables();
    assert!(tables.contains(&format!("RAY{uid}@KV")), "{tables:?}");
    assert!(tables.iter().all(|table| table.starts_with(&format!("RAY{uid}@"))), "{tables:?}");

    let mut actor = Actor::create(&namespace, "raycluster", "counter", 0);
    for run in runs(1) {
        let outage = Outage::observe(&namespace, "raycluster", LIMIT, |head| Loss::Stop.happen(&namespace, head));
        let fate = actor.fate(&namespace, "raycluster", Duration::from_secs(40));
        let same = outage.has_same_workers(&namespace, "raycluster");
        Observation::new("gcs-stop", "nothing set: head 60 s, workers 600 s")
            .outage(&outage)
            .same_workers(same)
            .actors(fate)
            .record(&object, &[]);
        assert_eq!((fate, same, actor.last.total), (Fate::Kept, true, run + 2));
        // The next stop meets a new Pod, without the back-off of kubelet.
        if run + 1 < runs(1).end {
            Outage::observe(&namespace, "raycluster", LIMIT, |head| Loss::Removal.happen(&namespace, head));
        }
        actor.last.total = run + 2;
    }
}

#[test]
fn a_detached_actor_outlives_pkill_gcs_server() {
    follow_the_guide("guide");
}

#[test]
fn the_head_is_lost_in_each_way_and_the_actor_goes_on() {
    let namespace = Namespace::create("guide-losses");
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let object = Cluster::new("losses").object();
    namespace.apply(&object);
    namespace.ready_workers("losses", 1);
    let mut actor = Actor::create(&namespace, "losses", "counter", 0);
    for _ in runs(1) {
        for loss in [Loss::Crash, Loss::Removal, Loss::Deletion] {
            let outage = Outage::observe(&namespace, "losses", LIMIT, |head| loss.happen(&namespace, head));
            let fate = actor.fate(&namespace, "losses", Duration::from_secs(40));
            let same = outage.has_same_workers(&namespace, "losses");
            Observation::new(loss.event(), "nothing set: head 60 s, workers 600 s")
                .outage(&outage)
                .same_workers(same)
                .actors(fate)
                .record(&object, &[]);
            assert_eq!((fate, same), (Fate::Kept, true), "{loss:?}");
        }
    }
}

#[test]
fn the_storage_namespace_of_annotation_and_options_names_the_tables() {
    let namespace = Namespace::create("guide-storage");
    let redis = Redis::start(&namespace, Persistence::None);
    namespace.apply(&Cluster::new("by-options").option("externalStorageNamespace", "mine").object());
    let annotated = Cluster::new("by-annotation").by_annotation();
    namespace.apply(&annotated.annotate("ray.io/external-storage-namespace", "yours").object());
    namespace.ready_workers("by-options", 1);
    namespace.ready_workers("by-annotation", 1);
    let tables = redis.tables();
    for prefix in ["RAYmine@", "RAYyours@"] {
        assert!(tables.contains(&format!("{prefix}KV")), "{tables:?}");
    }
    assert!(tables.iter().all(|table| table.starts_with("RAYmine@") || table.starts_with("RAYyours@")), "{tables:?}");

    // KubeRay deletes the tables of a cluster with it, and only those.
    let kubectl = Node::get().kubectl("guide-storage");
    kubectl.run("delete raycluster by-options --timeout 300s").passes();
    let left = redis.tables();
    assert!(!left.is_empty() && left.iter().all(|table| table.starts_with("RAYyours@")), "{left:?}");
}
