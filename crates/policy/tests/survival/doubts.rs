//! What is not promised: what was not measured, or cannot be read of the object.

use rayguard_policy::survival::{ActorOutcome, Event, HeadActors, Options, PodOutcome, RequestOutcome};
use serde_json::{Value, json};

use super::measured::{cluster, event, event_with, service};

const TWO: &str = "{name: d, num_replicas: 2}";

/// Returns a cluster after a change of its spec.
fn with(change: impl Fn(&mut Value)) -> Value {
    let mut object = cluster(None, None);
    change(&mut object["spec"]);
    object
}

/// Returns a service after a change of its cluster's spec.
fn service_with(deployment: &str, change: impl Fn(&mut Value)) -> Value {
    let mut object = service(deployment);
    change(&mut object["spec"]["rayClusterConfig"]);
    object
}

fn head_container(spec: &mut Value) -> &mut Value {
    &mut spec["headGroupSpec"]["template"]["spec"]["containers"][0]
}

fn worker_container(spec: &mut Value) -> &mut Value {
    &mut spec["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]
}

#[test]
fn containers_with_their_own_command_or_probe_are_promised_nothing() {
    let probe = json!({"exec": {"command": ["ray", "health-check"]}, "failureThreshold": 1});
    for object in [
        with(|spec| worker_container(spec)["args"] = json!(["export RAY_gcs_rpc_server_reconnect_timeout_s=5"])),
        with(|spec| worker_container(spec)["livenessProbe"] = probe.clone()),
        with(|spec| head_container(spec)["args"] = json!(["pip install x"])),
        with(|spec| head_container(spec)["livenessProbe"] = probe.clone()),
        with(|spec| spec["headGroupSpec"]["rayStartParams"]["system-config"] = "$SYSCONF".into()),
    ] {
        for what in [Event::GcsCrash, Event::HeadLoss] {
            let forecast = event(&object, what);
            assert_eq!(forecast.detached_actors, ActorOutcome::Unknown, "{what} {object}");
        }
    }
    let fixed = with(|spec| spec["workerGroupSpecs"][0]["rayStartParams"] = json!({"address": "10.0.0.1:6379"}));
    assert_eq!(event(&fixed, Event::GcsCrash).groups[0].outcome, PodOutcome::Stays);
    assert_eq!(event(&fixed, Event::HeadLoss).groups[0].outcome, PodOutcome::Unknown);
}

#[test]
fn old_and_unknown_releases_are_promised_nothing() {
    for version in ["2.51.0", "nightly"] {
        let object = with(|spec| {
            spec["rayVersion"] = version.into();
            head_container(spec)["image"] = format!("rayproject/ray:{version}").into();
        });
        assert_eq!(event(&object, Event::HeadLoss).detached_actors, ActorOutcome::Unknown, "{version}");
    }
}

#[test]
fn a_redis_in_the_head_pod_is_lost_with_it() {
    let mut object = with(|spec| spec["gcsFaultToleranceOptions"]["redisAddress"] = "c-head-svc:6380".into());
    assert_eq!(event(&object, Event::HeadLoss).detached_actors, ActorOutcome::Lost);
    assert!(event(&object, Event::HeadLoss).change.is_some_and(|change| change.write.is_none()));
    assert_eq!(event(&object, Event::GcsCrash).detached_actors, ActorOutcome::Kept);
    object["spec"]["gcsFaultToleranceOptions"]["redisAddress"] = "$(MY_POD_IP):6380".into();
    assert_eq!(event(&object, Event::HeadLoss).detached_actors, ActorOutcome::Unknown);
}

#[test]
fn a_head_that_is_not_made_again_never_returns() {
    let mut object = cluster(None, None);
    object["metadata"]["annotations"] = json!({"ray.io/disable-provisioned-head-restart": "true"});
    let loss = event(&object, Event::HeadLoss);
    assert_eq!((loss.gcs_away_seconds.max, loss.groups[0].exits_after_seconds), (None, Some(601)));
    assert_eq!(event(&object, Event::GcsCrash).detached_actors, ActorOutcome::Kept);
}

#[test]
fn groups_without_pods_keep_nothing() {
    for (object, outcome) in [
        (
            with(|spec| {
                (spec["workerGroupSpecs"][0]["replicas"], spec["workerGroupSpecs"][0]["minReplicas"]) =
                    (0.into(), 0.into());
            }),
            ActorOutcome::Lost,
        ),
        (with(|spec| spec["workerGroupSpecs"][0]["suspend"] = true.into()), ActorOutcome::Lost),
        (with(|spec| spec["suspend"] = true.into()), ActorOutcome::Lost),
        (with(|spec| spec["managedBy"] = "kueue.x-k8s.io/multikueue".into()), ActorOutcome::Unknown),
    ] {
        assert_eq!(event(&object, Event::HeadLoss).detached_actors, outcome, "{object}");
        let is_there = outcome == ActorOutcome::Unknown;
        assert_eq!(event(&object, Event::HeadLoss).groups[0].outcome == PodOutcome::None, !is_there, "{object}");
    }
}

#[test]
fn several_hosts_of_a_replica_end_together() {
    let hosts = |replicas: i64, hosts: i64| {
        let object = with(|spec| {
            let group = &mut spec["workerGroupSpecs"][0];
            (group["replicas"], group["minReplicas"]) = (replicas.into(), replicas.into());
            group["numOfHosts"] = hosts.into();
        });
        event(&object, Event::WorkerLoss).groups[0].outcome
    };
    let outcomes = [hosts(1, 4), hosts(2, 4), hosts(1, 1), hosts(2, 1)];
    assert_eq!(outcomes, [PodOutcome::Exits, PodOutcome::Unknown, PodOutcome::None, PodOutcome::Stays]);
}

#[test]
fn requests_are_answered_only_within_what_was_measured() {
    let answered = |object: &Value, options: &Options| event_with(object, Event::HeadLoss, options).serve_requests;
    let pull = |seconds| Options { image_pull: Some(seconds), ..Options::default() };
    let object = service(TWO);
    assert_eq!(answered(&object, &pull(1)), Some(RequestOutcome::Answered));
    assert_eq!(answered(&object, &pull(500)), Some(RequestOutcome::Unknown));
    for object in [
        service("{name: d, num_replicas: 2, ray_actor_options: {num_cpus: 0}}"),
        service_with(TWO, |spec| {
            let group = &mut spec["workerGroupSpecs"][0];
            (group["minReplicas"], group["maxReplicas"]) = (0.into(), 1.into());
        }),
        service_with(TWO, |spec| spec["headGroupSpec"]["rayStartParams"]["resources"] = "'{\"a\": 1}'".into()),
        service_with(TWO, |spec| spec["headGroupSpec"]["resources"] = json!({"CPU": "0", "cpu": "4"})),
    ] {
        assert_eq!(answered(&object, &Options::default()), Some(RequestOutcome::Unknown), "{object}");
    }
    let gpus = service_with(TWO, |spec| head_container(spec)["resources"] = json!({"limits": {"nvidia.com/gpu": 1}}));
    assert_eq!(event(&gpus, Event::HeadLoss).actors_on_head, HeadActors::Lost);
}

#[test]
fn requests_are_held_only_without_a_limit() {
    let held = |object: &Value| event(object, Event::WorkerLoss).serve_requests == Some(RequestOutcome::Held);
    let single = "{name: d, num_replicas: 1}";
    assert!(held(&service(single)));
    assert!(!held(&service("{name: d, num_replicas: 1, max_queued_requests: 5}")));
    let mut limited = service(single);
    let config = limited["spec"]["serveConfigV2"].as_str().expect("a text").to_owned();
    limited["spec"]["serveConfigV2"] = format!("http_options: {{request_timeout_s: 5}}\n{config}").into();
    assert!(!held(&limited));
    assert!(!held(&service_with(single, |spec| {
        let group = &mut spec["workerGroupSpecs"][0];
        (group["replicas"], group["minReplicas"]) = (1.into(), 1.into());
    })));
}

#[test]
fn upgrades_that_kuberay_refuses_or_ends_early_are_promised_nothing() {
    for (field, value) in [("rayClusterDeletionDelaySeconds", json!(0)), ("upgradeStrategy", json!({"type": "bogus"}))]
    {
        let mut object = service(TWO);
        object["spec"][field] = value;
        assert_eq!(event(&object, Event::Upgrade).serve_requests, Some(RequestOutcome::Unknown), "{field}");
    }
}

#[test]
fn a_head_that_is_tied_to_its_node_may_not_return() {
    let options = Options { node_recovery: Some(120), ..Options::default() };
    for (field, value) in [
        ("nodeSelector", json!({"kubernetes.io/hostname": "a"})),
        ("volumes", json!([{"name": "v", "persistentVolumeClaim": {"claimName": "v"}}])),
    ] {
        let object = with(|spec| spec["headGroupSpec"]["template"]["spec"][field] = value.clone());
        assert_eq!(event_with(&object, Event::NodeLoss, &options).gcs_away_seconds.max, None, "{field}");
    }
}

#[test]
fn timeouts_at_the_end_of_the_range_are_never() {
    let stop = event(&cluster(Some(u32::MAX), None), Event::GcsStop);
    assert_eq!((stop.gcs_away_seconds.max, stop.groups[0].outcome), (None, PodOutcome::Exits));
    let change = event(&cluster(Some(u32::MAX - 5), None), Event::GcsStop).change.expect("a change");
    assert!(change.path.to_string().starts_with("spec.headGroupSpec"), "{}", change.path);
    assert_eq!(change.write, Some("60".to_owned().into()));
    let mut object = cluster(None, None);
    worker_container(&mut object["spec"])["env"] =
        json!([{"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "60\n"}]);
    let crash = event(&object, Event::GcsCrash);
    assert_eq!(crash.groups[0].exits_after_seconds, Some(0));
    assert_eq!(crash.change.and_then(|change| change.write), Some("600".to_owned().into()));
}

#[test]
fn cpus_of_the_head_are_changed_where_they_are_written() {
    let object = with(|spec| {
        spec["headGroupSpec"]["rayStartParams"] = json!({});
        spec["headGroupSpec"]["resources"] = json!({"cpu": "4"});
    });
    let change = event(&object, Event::HeadLoss).change.expect("a change");
    assert_eq!(change.path.to_string(), "spec.headGroupSpec.resources[cpu]");
}
