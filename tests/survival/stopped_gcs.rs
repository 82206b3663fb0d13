//! A GCS that hangs: it accepts connections and answers nothing.

use std::time::{Duration, Instant};

use crate::actor::{Actor, Fate};
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;
use crate::wait::{wait_for, wait_until};

/// More than KubeRay's liveness probe of the head takes: 120 failures, 5 s apart.
const LIMIT: Duration = Duration::from_mins(25);

#[test]
fn the_liveness_probe_ends_a_head_whose_gcs_hangs_and_the_actor_goes_on() {
    let namespaces: Vec<_> = runs(3).map(|run| Namespace::create(&format!("hangs-{run}"))).collect();
    let object = Cluster::new("hangs").object();
    let mut hung = Vec::new();
    for namespace in &namespaces {
        Redis::start(namespace, Persistence::AppendOnlyFile);
        namespace.apply(&object);
        namespace.ready_workers("hangs", 1);
        let actor = Actor::create(namespace, "hangs", "counter", 0);
        let (head, workers) = (namespace.ready_head("hangs"), namespace.workers("hangs"));
        namespace.run(&head, &["pkill", "-STOP", "gcs_server"]).passes();
        hung.push((namespace, actor, head, workers, Instant::now()));
    }
    for (namespace, mut actor, head, workers, start) in hung {
        let not_ready = wait_until(Duration::from_mins(1), || {
            namespace.heads("hangs").iter().all(|pod| !pod.is_ready).then(|| start.elapsed().as_secs_f64())
        });
        let restarted = wait_for("the restart of the head", LIMIT, || {
            let is_new = namespace.heads("hangs").iter().any(|pod| pod.is_running && !pod.is_same_run(&head));
            is_new.then(|| start.elapsed().as_secs_f64())
        });
        namespace.ready_head("hangs");
        let away = start.elapsed().as_secs_f64();
        let now = namespace.workers("hangs");
        let fate = actor.fate(namespace, "hangs", Duration::from_mins(1));
        let same = workers.iter().all(|old| now.iter().any(|new| new.is_same_run(old)));
        println!("head not ready after {not_ready:?}, restarted after {restarted:.0} s, ready after {away:.0} s");
        Observation::new("gcs-hang", "nothing set: head 60 s, workers 600 s")
            .away(restarted)
            .same_workers(same)
            .actors(fate)
            .note("away until the liveness probe restarts the head")
            .record(&object, &[]);
        println!("a hung GCS: {fate:?}, same workers: {same}");
        assert!(matches!(fate, Fate::Kept | Fate::Gone | Fate::StateLost));
    }
}
