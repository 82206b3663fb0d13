//! The forecast never promises what was not so in a measurement, and never excludes what was.

use rayguard_policy::survival::measurement::MEASUREMENTS;
use rayguard_policy::survival::{
    ActorOutcome, Event, EventForecast, FaultTolerance, HeadActors, Options, PodOutcome, RequestOutcome,
};
use serde_json::{Value, json};

use super::forecast_of;

const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// Returns a fault-tolerant RayCluster with one worker group and these timeouts; KubeRay's and Ray's without one.
pub(super) fn cluster(head: Option<u32>, worker: Option<u32>) -> Value {
    let container = |name: &str, timeout: Option<u32>| {
        let env: Vec<_> = timeout.iter().map(|it| json!({"name": TIMEOUT, "value": it.to_string()})).collect();
        json!({"name": name, "image": "rayproject/ray:2.57.1", "env": env})
    };
    json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c", "namespace": "n"}, "spec": {
        "rayVersion": "2.57.1",
        "gcsFaultToleranceOptions": {"redisAddress": "redis:6379", "redisPassword":
            {"valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}}},
        "headGroupSpec": {"rayStartParams": {"num-cpus": "0"}, "template": {"spec": {"containers":
            [container("ray-head", head)]}}},
        "workerGroupSpecs": [{"groupName": "small", "replicas": 2, "minReplicas": 2, "maxReplicas": 2,
            "template": {"spec": {"containers": [container("ray-worker", worker)]}}}],
    }})
}

/// Returns a RayService with the cluster and one deployment.
pub(super) fn service(deployment: &str) -> Value {
    let mut object = cluster(None, None);
    let cluster = object["spec"].take();
    object["kind"] = "RayService".into();
    let config = format!("applications:\n- name: a\n  import_path: a:b\n  deployments: [{deployment}]\n");
    object["spec"] = json!({"serveConfigV2": config, "rayClusterConfig": cluster});
    object
}

pub(super) fn event(object: &Value, event: Event) -> EventForecast {
    event_with(object, event, &Options::default())
}

pub(super) fn event_with(object: &Value, event: Event, options: &Options) -> EventForecast {
    let forecast = forecast_of(object, options).expect("a cluster");
    forecast.events.into_iter().find(|it| it.event == event).expect("all events")
}

#[test]
fn workers_are_lost_and_kept_as_measured() {
    let (exits, unknown, stays) = (PodOutcome::Exits, PodOutcome::Unknown, PodOutcome::Stays);
    for (head, worker, what, expected) in [
        // Ten runs and more, all kept.
        (None, None, Event::GcsCrash, stays),
        (None, None, Event::GcsCrashLoop, stays),
        (None, None, Event::GcsStop, stays),
        (None, None, Event::HeadDeletion, stays),
        (None, None, Event::HeadLoss, stays),
        // One crash was survived, another one on a busy machine was not.
        (Some(3), Some(5), Event::GcsCrash, unknown),
        (None, Some(5), Event::GcsCrash, unknown),
        // The GCS was away for 2.4 s, and yet the workers were lost: the name led to the old head.
        (Some(3), Some(5), Event::HeadLoss, unknown),
        (None, Some(30), Event::HeadLoss, unknown),
        (None, Some(30), Event::GcsStop, exits),
        (None, Some(61), Event::GcsStop, exits),
        (None, Some(90), Event::GcsStop, stays),
        (None, Some(98), Event::GcsCrashLoop, stays),
        (None, Some(80), Event::GcsCrashLoop, exits),
    ] {
        let forecast = event(&cluster(head, worker), what);
        assert_eq!(forecast.groups[0].outcome, expected, "{head:?} {worker:?} {what}");
    }
}

#[test]
fn the_outage_of_sigterm_follows_the_timeout_of_the_head() {
    let away = |head| event(&cluster(head, None), Event::GcsStop).gcs_away_seconds;
    for (head, measured) in [(None, 64.9), (None, 67.7), (None, 77.4), (Some(3), 7.4)] {
        let away = away(head);
        assert!(away.min <= measured && away.max.is_some_and(|max| measured <= max), "{head:?} {away:?}");
    }
}

#[test]
fn without_storage_everything_is_lost() {
    let mut off = cluster(None, None);
    off["spec"]["gcsFaultToleranceOptions"] = Value::Null;
    let mut without_address = off.clone();
    without_address["metadata"]["annotations"] = json!({"ray.io/ft-enabled": "true"});
    for (object, name) in [(off, FaultTolerance::Off), (without_address, FaultTolerance::Ineffective)] {
        let forecast = forecast_of(&object, &Options::default()).expect("a cluster");
        assert_eq!(forecast.fault_tolerance, name);
        for event in &forecast.events[..5] {
            assert_eq!(event.detached_actors, ActorOutcome::Lost, "{}", event.event);
            assert_eq!(event.groups[0].outcome, PodOutcome::Exits, "{}", event.event);
            assert!(event.change.is_some(), "{}", event.event);
        }
    }
}

#[test]
fn requests_are_answered_as_measured() {
    let two = "{name: d, num_replicas: 2, max_replicas_per_node: 1}";
    let one = "{name: d, num_replicas: 1}";
    let by_code = "{name: d}";
    for (deployment, runs_work, what, expected) in [
        (two, false, Event::HeadDeletion, RequestOutcome::Answered),
        (two, false, Event::HeadLoss, RequestOutcome::Answered),
        (two, false, Event::GcsCrash, RequestOutcome::Unknown),
        (two, true, Event::HeadLoss, RequestOutcome::Unknown),
        (one, true, Event::HeadLoss, RequestOutcome::Failed),
        (one, false, Event::HeadLoss, RequestOutcome::Unknown),
        (one, false, Event::WorkerLoss, RequestOutcome::Held),
        (two, false, Event::WorkerLoss, RequestOutcome::Unknown),
        (by_code, false, Event::HeadLoss, RequestOutcome::Unknown),
        (two, false, Event::NodeLoss, RequestOutcome::Unknown),
    ] {
        let mut object = service(deployment);
        if runs_work {
            object["spec"]["rayClusterConfig"]["headGroupSpec"]["rayStartParams"] = json!({});
        }
        let forecast = event(&object, what);
        assert_eq!(forecast.serve_requests, Some(expected), "{deployment} {runs_work} {what}");
        assert_eq!(forecast.actors_on_head == HeadActors::Lost, runs_work, "{what}");
    }
}

#[test]
fn actors_follow_system_config_and_pods_do_not() {
    let mut object = cluster(None, None);
    object["spec"]["headGroupSpec"]["rayStartParams"]["system-config"] =
        json!("'{\"gcs_rpc_server_reconnect_timeout_s\": 8}'");
    let stop = event(&object, Event::GcsStop);
    assert_eq!((stop.groups[0].outcome, stop.detached_actors), (PodOutcome::Stays, ActorOutcome::Lost));
    let change = stop.change.expect("a change");
    assert_eq!(change.write, Some("'{\"gcs_rpc_server_reconnect_timeout_s\": 600}'".to_owned().into()));
}

#[test]
fn redis_adds_its_outage_and_the_wait_after_an_attempt() {
    let away = |redis_outage| {
        let options = Options { redis_outage, ..Options::default() };
        event_with(&cluster(None, None), Event::RedisOutage, &options).gcs_away_seconds.max
    };
    // An attempt fails after 2 s where the name has no address. Then kubelet waits 10, 20, 40 s and so on.
    for (outage, expected) in [(0, 11.8), (1, 12.8), (2, 28.1), (14, 50.1), (36, 92.1), (390, 706.1)] {
        assert_eq!(away(outage), Some(expected), "{outage}");
    }
}

#[test]
fn a_lost_node_is_known_only_with_the_time_of_its_recovery() {
    let options = Options { node_recovery: Some(120), image_pull: Some(30), ..Options::default() };
    let lost = event_with(&cluster(None, None), Event::NodeLoss, &options);
    assert_eq!(lost.groups[0].outcome, PodOutcome::Stays);
    assert_eq!((lost.workers_connected_seconds.max, lost.new_work.waits_seconds.max), (None, None));
    assert_eq!(event(&cluster(None, None), Event::NodeLoss).gcs_away_seconds.max, None);
    let mut object = cluster(None, None);
    let tolerations = [("not-ready", 30), ("unreachable", 30)].map(|(key, seconds)| {
        json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": seconds})
    });
    object["spec"]["headGroupSpec"]["template"]["spec"]["tolerations"] = json!(tolerations);
    let notes = event(&object, Event::NodeLoss).notes;
    assert!(notes.iter().any(|note| note.contains("30 s after")), "{notes:?}");
}

#[test]
fn jobs_and_heads_that_never_restart_are_promised_nothing() {
    let mut job = cluster(None, None);
    let spec = job["spec"].take();
    job["kind"] = "RayJob".into();
    job["spec"] = json!({"entrypoint": "python a.py", "rayClusterSpec": spec});
    let mut never = cluster(None, None);
    never["spec"]["headGroupSpec"]["template"]["spec"]["restartPolicy"] = "Never".into();
    for object in [job, never] {
        assert_eq!(event(&object, Event::GcsCrash).detached_actors, ActorOutcome::Unknown);
    }
}

#[test]
fn storage_that_was_not_measured_or_is_in_doubt_is_promised_nothing() {
    let mut rocksdb = cluster(None, None);
    rocksdb["spec"]["gcsFaultToleranceOptions"] = json!({"backend": "rocksdb"});
    let mut loopback = cluster(None, None);
    loopback["spec"]["gcsFaultToleranceOptions"]["redisAddress"] = "127.0.0.1:6379".into();
    for object in [rocksdb.clone(), loopback] {
        assert_eq!(event(&object, Event::HeadLoss).detached_actors, ActorOutcome::Unknown, "{object}");
    }
    assert_eq!(event(&rocksdb, Event::RedisOutage).detached_actors, ActorOutcome::Kept);
}

#[test]
fn an_upgrade_replaces_the_pods_where_kuberay_does() {
    let of_service = event(&service("{name: d, num_replicas: 2}"), Event::Upgrade);
    assert_eq!(of_service.detached_actors, ActorOutcome::Lost);
    assert_eq!(of_service.serve_requests, Some(RequestOutcome::Answered));
    let mut object = cluster(None, None);
    assert_eq!(event(&object, Event::Upgrade).detached_actors, ActorOutcome::Kept);
    object["spec"]["upgradeStrategy"] = json!({"type": "Recreate"});
    let recreated = event(&object, Event::Upgrade);
    assert_eq!(recreated.detached_actors, ActorOutcome::Lost);
    assert_eq!((recreated.gcs_away_seconds.max, recreated.new_work.waits_seconds.max), (None, None));
}

#[test]
fn measurements_are_ranges_with_unique_names() {
    let mut names: Vec<_> = MEASUREMENTS.iter().map(|it| it.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), MEASUREMENTS.len());
    assert!(MEASUREMENTS.iter().all(|it| it.min <= it.max && !it.source.is_empty()));
}
