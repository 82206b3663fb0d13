//! Clusters that rayguard refuses because their Pods cannot start, next to the ones that the messages ask for.

use std::time::Duration;

use serde_json::json;

use crate::namespace::Namespace;
use crate::object::{Cluster, TIMEOUT};
use crate::redis::{self, Persistence, Redis};
use crate::wait::wait_for;

const LIMIT: Duration = Duration::from_mins(4);

struct Case {
    rule: &'static str,
    refused: Cluster,
    /// How `ray start` ends.
    exit: i32,
    cured: Cluster,
}

fn cases() -> Vec<Case> {
    let (refused, cured) = (Cluster::new("refused"), Cluster::new("cured"));
    let annotated = |cluster: &Cluster| cluster.clone().only_annotation();
    let address = |cluster: Cluster| cluster.head_env("RAY_REDIS_ADDRESS", redis::ADDRESS);
    vec![
        Case {
            rule: "invalid-reconnect-timeout",
            refused: refused.clone().head_timeout("60 "),
            exit: 139,
            cured: cured.clone().head_timeout("60"),
        },
        Case {
            rule: "malformed-redis-address",
            refused: refused.clone().option("redisAddress", "redis"),
            exit: 1,
            cured: cured.clone(),
        },
        Case {
            rule: "dangling-redis-password",
            refused: address(annotated(&refused)).head_param("redis-password", "$REDIS_PASSWORD"),
            exit: 1,
            cured: cured.clone().by_annotation(),
        },
        Case {
            rule: "missing-redis-password",
            refused: refused.clone().set("/gcsFaultToleranceOptions", "redisPassword", json!(null)),
            exit: 1,
            cured,
        },
    ]
}

#[test]
fn a_head_that_cannot_start_is_refused() {
    for (index, case) in cases().into_iter().enumerate() {
        let namespace = Namespace::create(&format!("fails-{index}"));
        let _redis = Redis::start(&namespace, Persistence::None);
        let refusal = namespace.apply_exempt(&case.refused.object());
        assert!(refusal.contains(&format!("({})", case.rule)), "{refusal}");
        namespace.apply(&case.cured.object());
        namespace.ready_workers("cured", 1);
        let exit = wait_for("the end of the container", LIMIT, || {
            namespace.heads("refused").iter().find(|pod| pod.restarts > 0)?.last_exit
        });
        println!("{}: exit {exit}", case.rule);
        assert_eq!(exit, case.exit, "{}", case.rule);
        assert!(!namespace.heads("refused").iter().any(|pod| pod.is_ready), "{}", case.rule);
    }
}

/// KubeRay's init container runs `ray health-check` with the variables of the worker, and shows its errors after 120 s.
#[test]
fn a_worker_with_an_invalid_timeout_never_leaves_its_init_container() {
    let namespace = Namespace::create("fails-worker");
    let _redis = Redis::start(&namespace, Persistence::None);
    let refusal = namespace.apply_exempt(&Cluster::new("refused").worker_timeout("600s").object());
    assert!(refusal.contains("(invalid-reconnect-timeout)"), "{refusal}");
    namespace.apply(&Cluster::new("cured").worker_timeout("600").object());
    namespace.ready_workers("cured", 1);
    let line = wait_for("the error of the init container", LIMIT, || {
        let worker = namespace.workers("refused").pop()?;
        let log = namespace.kubectl.run(&format!("logs {} --container wait-gcs-ready", worker.name)).stdout;
        log.lines().find(|line| line.contains("Segmentation fault")).map(str::to_owned)
    });
    println!("{line}");
    assert!(!namespace.workers("refused").iter().any(|pod| pod.is_running));
}

/// KubeRay itself refuses both ways at once, and says so only in an event.
#[test]
fn conflicting_fault_tolerance() {
    let namespace = Namespace::create("conflicting");
    let _redis = Redis::start(&namespace, Persistence::None);
    let refusal = namespace.apply_exempt(&Cluster::new("refused").annotate("ray.io/ft-enabled", "false").object());
    assert!(refusal.contains("(conflicting-fault-tolerance)"), "{refusal}");
    namespace.apply(&Cluster::new("cured").object());
    namespace.ready_workers("cured", 1);
    let event = wait_for("KubeRay's event", LIMIT, || {
        let selector = "--field-selector=involvedObject.name=refused,type=Warning";
        let events = namespace.kubectl.run_with(["get", "events", selector, "--output=json"], "").json();
        Some(events["items"][0]["message"].as_str()?.to_owned())
    });
    println!("{event}");
    assert!(namespace.heads("refused").is_empty());
}

/// KubeRay takes the first container for Ray's. Ray's own container gets no command, and here it ends at once.
#[test]
fn ray_container_not_first() {
    let namespace = Namespace::create("not-first");
    let _redis = Redis::start(&namespace, Persistence::None);
    let containers = "/headGroupSpec/template/spec";
    let ray = Cluster::new("refused").object();
    let ray = ray.pointer("/spec/headGroupSpec/template/spec/containers/0").expect("a container").clone();
    let sidecar = json!({"name": "sidecar", "image": "localhost/pause:1", "env": [{"name": TIMEOUT, "value": "60"}]});
    let refused = Cluster::new("refused").set(containers, "containers", json!([sidecar, ray])).object();
    let refusal = namespace.apply_exempt(&refused);
    assert!(refusal.contains("(ray-container-not-first)"), "{refusal}");
    namespace.apply(&Cluster::new("cured").set(containers, "containers", json!([ray, sidecar])).object());
    wait_for("a container that cannot start", LIMIT, || {
        let head = namespace.heads("refused").pop()?;
        println!("{head:?}");
        (head.restarts > 0 || head.waiting.is_some_and(|reason| reason != "ContainerCreating")).then_some(())
    });
    namespace.ready_workers("cured", 1);
    assert!(!namespace.heads("refused").iter().any(|head| head.is_ready));
}
