//! Tests of the defaults that the mutating webhook writes into an object.

// Containers are passed as `json!` literals.
#![allow(clippy::needless_pass_by_value)]

mod pod_template;
mod stability;

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use serde_json::{Value, json};

const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// Returns a policy with these fields in addition to `apiVersion` and `kind`.
fn policy(mut fields: Value) -> Policy {
    fields["apiVersion"] = json!("rayguard.dev/v1alpha1");
    fields["kind"] = json!("Policy");
    let text = fields.to_string();
    Policy::from_json(&serde_json::from_str(&text).expect("JSON")).expect("a policy")
}

/// Returns a fault-tolerant RayCluster with these Ray containers in its head and its worker group.
fn cluster(head: Value, worker: Value) -> Value {
    json!({
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "c", "namespace": "n"},
        "spec": {
            "gcsFaultToleranceOptions": {"redisAddress": "redis:6379"},
            "headGroupSpec": {"rayStartParams": {}, "template": {"spec": {"containers": [head]}}},
            "workerGroupSpecs": [group("small", worker)],
        }
    })
}

fn group(name: &str, container: Value) -> Value {
    json!({"groupName": name, "replicas": 1, "minReplicas": 0, "maxReplicas": 2,
           "template": {"spec": {"containers": [container]}}})
}

fn ray(name: &str) -> Value {
    json!({"name": name, "image": "rayproject/ray:2.52.0"})
}

fn ray_with_timeout(name: &str, seconds: &str) -> Value {
    json!({"name": name, "image": "rayproject/ray:2.52.0", "env": [{"name": TIMEOUT, "value": seconds}]})
}

/// Returns the object after the mutating webhook, and the operations of its patch.
fn mutate(policy: &Policy, object: &Value, old: Option<&Value>) -> (Value, Value) {
    let texts = [object, old.unwrap_or(object)].map(Value::to_string);
    let [new, before] = texts.each_ref().map(|text| serde_json::from_str::<Json<'_>>(text).expect("JSON"));
    let [new, before] = [&new, &before].map(|json| RayObject::read(json).expect("a Ray object"));
    let patch = policy.mutate(&new, old.map(|_| &before));
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &patch).expect("the patch applies");
    (patched, serde_json::to_value(&patch).expect("JSON"))
}

fn worker_env(object: &Value) -> &Value {
    object.pointer("/spec/workerGroupSpecs/0/template/spec/containers/0/env").unwrap_or(&Value::Null)
}

fn timeout_written(policy: &Policy, object: &Value) -> Option<String> {
    let (patched, _) = mutate(policy, object, None);
    let env = worker_env(&patched).as_array().cloned().unwrap_or_default();
    env.iter().find(|var| var["name"] == TIMEOUT).and_then(|var| var["value"].as_str().map(str::to_owned))
}

#[test]
fn workers_of_a_fault_tolerant_cluster_get_a_longer_timeout_than_the_head() {
    let explicit = Policy::default();
    for (head, expected) in
        [(ray("h"), "600"), (ray_with_timeout("h", "60"), "600"), (ray_with_timeout("h", "1200"), "1740")]
    {
        assert_eq!(timeout_written(&explicit, &cluster(head, ray("w"))).as_deref(), Some(expected));
    }
}

#[test]
fn an_unknown_or_invalid_head_timeout_counts_as_rays_default() {
    let explicit = Policy::default();
    let unknown =
        json!({"name": "h", "env": [{"name": TIMEOUT, "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}]});
    for head in [unknown, ray_with_timeout("h", "600s")] {
        assert_eq!(timeout_written(&explicit, &cluster(head, ray("w"))).as_deref(), Some("600"));
    }
}

#[test]
fn no_worker_timeout_is_written_if_the_head_has_the_maximum() {
    let endless = cluster(ray_with_timeout("h", "4294967295"), ray("w"));
    assert_eq!(timeout_written(&Policy::default(), &endless), None);
    let nearly = cluster(ray_with_timeout("h", "4294967000"), ray("w"));
    assert_eq!(timeout_written(&Policy::default(), &nearly).as_deref(), Some("4294967295"));
}

#[test]
fn repair_writes_a_timeout_only_if_kuberays_default_is_too_small() {
    let repair = policy(json!({"defaults": {"workerReconnectTimeout": "repair"}}));
    for (head, expected) in [("60", None), ("599", None), ("600", Some("1140")), ("1200", Some("1740"))] {
        let object = cluster(ray_with_timeout("h", head), ray("w"));
        assert_eq!(timeout_written(&repair, &object).as_deref(), expected, "head {head}");
    }
}

#[test]
fn a_timeout_set_by_the_user_is_never_changed() {
    for env in [
        json!([{"name": TIMEOUT, "value": "30"}]),
        json!([{"name": TIMEOUT, "value": "600s"}]),
        json!([{"name": TIMEOUT, "value": ""}]),
        json!([{"name": TIMEOUT}]),
        json!([{"name": TIMEOUT, "value": 60}]),
        json!([{"name": TIMEOUT, "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}]),
        json!("not a list"),
        json!({"not": "a list"}),
        Value::Null,
    ] {
        let mut worker = ray("w");
        worker["env"] = env;
        let object = cluster(ray("h"), worker);
        assert_eq!(mutate(&Policy::default(), &object, None), (object.clone(), json!([])));
    }
}

#[test]
fn the_patch_only_appends_one_variable_and_records_it() {
    let mut worker = ray("w");
    worker["env"] = json!([{"name": "A", "value": "1"}]);
    let (_, patch) = mutate(&Policy::default(), &cluster(ray("h"), worker), None);
    assert_eq!(
        patch,
        json!([
            {"op": "add", "path": "/spec/workerGroupSpecs/0/template/spec/containers/0/env/-",
             "value": {"name": TIMEOUT, "value": "600"}},
            {"op": "add", "path": "/metadata/annotations", "value": {"rayguard.dev/defaulted":
             format!("[\"/spec/workerGroupSpecs/small/template/spec/containers/w/env/{TIMEOUT}\"]")}},
        ])
    );
}

#[test]
fn a_worker_with_env_from_gets_the_timeout_in_env() {
    let mut worker = ray("w");
    worker["envFrom"] = json!([{"configMapRef": {"name": "m"}}]);
    assert_eq!(timeout_written(&Policy::default(), &cluster(ray("h"), worker)).as_deref(), Some("600"));
}

#[test]
fn no_timeout_is_written_without_fault_tolerance() {
    let mut object = cluster(ray("h"), ray("w"));
    object["spec"].as_object_mut().expect("a map").remove("gcsFaultToleranceOptions");
    assert_eq!(mutate(&Policy::default(), &object, None).1, json!([]));
    object["metadata"]["annotations"] = json!({"ray.io/ft-enabled": "TRUE"});
    assert_eq!(timeout_written(&Policy::default(), &object).as_deref(), Some("600"));
}

#[test]
fn a_ray_service_gets_the_timeout_and_a_ray_job_does_not() {
    let spec = cluster(ray("h"), ray("w"))["spec"].clone();
    let job = json!({"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": {"name": "j"}, "spec": {"rayClusterSpec": spec}});
    assert_eq!(mutate(&Policy::default(), &job, None).1, json!([]));
    let service = json!({"apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "s"}, "spec": {"rayClusterConfig": spec}});
    let (patched, _) = mutate(&Policy::default(), &service, None);
    let env = &patched["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["env"];
    assert_eq!(env, &json!([{"name": TIMEOUT, "value": "600"}]));
}

#[test]
fn an_object_that_is_being_deleted_gets_no_defaults() {
    let mut object = cluster(ray("h"), ray("w"));
    object["metadata"]["deletionTimestamp"] = json!("2026-11-22T00:00:00Z");
    assert_eq!(mutate(&Policy::default(), &object, None).1, json!([]));
}

#[test]
fn head_num_cpus_zero_is_written_only_if_enabled_and_workers_can_run() {
    let zero = policy(json!({"defaults": {"headNumCpus": "zero", "workerReconnectTimeout": "off"}}));
    let object = cluster(ray("h"), ray("w"));
    assert_eq!(mutate(&policy(json!({"defaults": {"workerReconnectTimeout": "off"}})), &object, None).1, json!([]));
    assert_eq!(mutate(&zero, &object, None).0["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"], "0");

    let mut users = object.clone();
    users["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = json!("4");
    let mut own_resources = object.clone();
    own_resources["spec"]["headGroupSpec"]["resources"] = json!({"CPU": "4"});
    let mut no_workers = object.clone();
    no_workers["spec"]["workerGroupSpecs"] = json!([]);
    let mut never_workers = object;
    never_workers["spec"]["workerGroupSpecs"][0]["maxReplicas"] = json!(0);
    for object in [users, own_resources, no_workers, never_workers] {
        assert_eq!(mutate(&zero, &object, None), (object.clone(), json!([])));
    }
}
