//! rayguard with a webhook that injects, in either order. rayguard's configurations are named `rayguard-…`, and
//! kube-apiserver calls webhooks in the order of their names.

use serde_json::{Value, json};

use super::injector::{Injection, Injector};
use super::{CLUSTER, cluster, count, manifest, templates};
use crate::server::apiserver::{ApiServer, Namespace};
use crate::server::process::Rayguard;

/// Prefixes of a configuration's name that sort before and after rayguard's.
const ORDERS: [&str; 2] = ["before", "then"];

const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// The sidecar and the variable of Ray's container that are injected into every group.
const SIDECAR: &str = "log-shipper";
const VARIABLE: &str = "HTTPS_PROXY";

/// Returns the groups of a cluster with their paths.
fn groups(cluster: &Value) -> Vec<(String, &Value)> {
    let workers = cluster["spec"]["workerGroupSpecs"].as_array().into_iter().flatten().enumerate();
    let workers = workers.map(|(index, group)| (format!("/spec/workerGroupSpecs/{index}"), group));
    [("/spec/headGroupSpec".to_owned(), &cluster["spec"]["headGroupSpec"])].into_iter().chain(workers).collect()
}

/// Returns the patch of an injector: it appends to each list only what is missing.
fn sidecar(cluster: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    for (path, group) in groups(cluster) {
        let containers = &group["template"]["spec"]["containers"];
        let path = format!("{path}/template/spec/containers");
        if count(containers, SIDECAR) == 0 {
            let container = json!({"name": SIDECAR, "image": "example.com/log-shipper"});
            operations.push(json!({"op": "add", "path": format!("{path}/-"), "value": container}));
        }
        operations.extend(variable(&path, &containers[0]["env"], VARIABLE, "http://proxy:3128"));
    }
    operations
}

fn variable(containers: &str, env: &Value, name: &str, value: &str) -> Option<Value> {
    let variable = json!({"name": name, "value": value});
    let path = format!("{containers}/0/env");
    match count(env, name) {
        0 if env.is_array() => Some(json!({"op": "add", "path": format!("{path}/-"), "value": variable})),
        0 => Some(json!({"op": "add", "path": path, "value": [variable]})),
        _ => None,
    }
}

/// Enables fault tolerance, as a platform's own webhook might.
fn redis(cluster: &Value) -> Vec<Value> {
    if cluster["spec"].get("gcsFaultToleranceOptions").is_some() {
        return Vec::new();
    }
    let password = json!({"valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}});
    let options = json!({"redisAddress": "redis:6379", "redisPassword": password});
    vec![json!({"op": "add", "path": "/spec/gcsFaultToleranceOptions", "value": options})]
}

/// Sets a longer timeout for the head.
fn longer_timeout(cluster: &Value) -> Vec<Value> {
    let head = "/spec/headGroupSpec/template/spec/containers";
    let env = cluster.pointer(&format!("{head}/0/env")).unwrap_or(&Value::Null);
    variable(head, env, TIMEOUT, "900").into_iter().collect()
}

/// Creates a namespace with both webhooks.
fn with_injector(
    name: &str,
    order: &str,
    injection: Injection,
    policy: &str,
) -> (Namespace<'static>, Rayguard, Injector) {
    let namespace = ApiServer::shared().namespace(&format!("{name}-{order}"));
    let (rayguard, injector) = (Rayguard::with_policy(policy), Injector::start(injection));
    namespace.guard(&rayguard);
    injector.register(&namespace, order);
    (namespace, rayguard, injector)
}

/// Returns how often rayguard's mutating webhook was called.
fn calls(rayguard: &Rayguard) -> u64 {
    rayguard.metric("rayguard_admission_duration_seconds_count{webhook=\"mutate\"}")
}

#[test]
fn an_injected_sidecar_and_the_defaults_appear_once_in_either_order() {
    for (order, asked) in ORDERS.into_iter().zip([1, 2]) {
        for command in ["apply", "apply --server-side"] {
            let name = format!("sidecar{}", command.replace([' ', '-'], ""));
            let (namespace, rayguard, _injector) = with_injector(&name, order, sidecar, "");
            let before = calls(&rayguard);
            namespace.send(&format!("{command} -f -"), &manifest()).passes_silently();
            assert_eq!(calls(&rayguard) - before, asked, "called again if a later webhook changes the object");

            let first = cluster(&namespace, 1);
            for (index, template) in templates(&first).into_iter().enumerate() {
                assert_eq!(count(&template["containers"], SIDECAR), 1, "{order}: {template:#}");
                let env = &template["containers"][0]["env"];
                assert_eq!(count(env, VARIABLE), 1, "{order}: {template:#}");
                assert_eq!(count(env, TIMEOUT), usize::from(index > 0), "{order}: {template:#}");
            }
            // The manifest has neither, so both write their part again each time.
            for _ in 0..3 {
                namespace.send(&format!("{command} -f -"), &manifest()).passes_silently();
                assert_eq!(cluster(&namespace, 1)["spec"], first["spec"], "{order} {command}");
            }
        }
    }
}

#[test]
fn reapplying_a_manifest_with_an_injector_is_no_change_under_any_policy() {
    for order in ORDERS {
        for command in ["apply", "apply --server-side"] {
            let name = format!("policies{}", command.replace([' ', '-'], ""));
            let off = "defaults: {workerReconnectTimeout: off}";
            let (namespace, _rayguard, _injector) = with_injector(&name, order, sidecar, off);
            namespace.send(&format!("{command} -f -"), &manifest()).passes_silently();
            let first = cluster(&namespace, 1);
            for policy in ["", "defaults: {podTemplate: {worker: {metadata: {labels: {team: ml}}}}}"] {
                let newer = Rayguard::with_policy(policy);
                namespace.guard(&newer);
                namespace.send(&format!("{command} -f -"), &manifest()).passes_silently();
                assert_eq!(cluster(&namespace, 1)["spec"], first["spec"], "{order} {command} {policy}");
            }
        }
    }
}

#[test]
fn fault_tolerance_enabled_by_another_webhook_gets_defaults() {
    for order in ORDERS {
        let (namespace, _rayguard, _injector) = with_injector("redis", order, redis, "");
        let manifest = "
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: raycluster-external-redis}
spec:
  headGroupSpec:
    rayStartParams: {num-cpus: '0'}
    template: {spec: {containers: [{name: ray-head, image: rayproject/ray, resources: {limits: {memory: 4Gi}}}]}}
  workerGroupSpecs:
  - groupName: workers
    rayStartParams: {}
    template: {spec: {containers: [{name: ray-worker, image: rayproject/ray}]}}
";
        for _ in 0..3 {
            namespace.send("apply -f -", manifest).passes_silently();
            let cluster = cluster(&namespace, 1);
            let env = &templates(&cluster)[1]["containers"][0]["env"];
            assert_eq!(env, &json!([{"name": TIMEOUT, "value": "600"}]), "{order}");
        }
    }
}

#[test]
fn an_object_that_a_later_webhook_breaks_is_refused() {
    // Before rayguard, the change determines the default.
    let (namespace, _rayguard, _injector) = with_injector("longer-timeout", ORDERS[0], longer_timeout, "");
    namespace.send("apply -f -", &manifest()).passes_silently();
    let env = &templates(&namespace.get(CLUSTER))[1]["containers"][0]["env"].clone();
    assert_eq!(env, &json!([{"name": TIMEOUT, "value": "1440"}]));

    // After rayguard, the change contradicts the existing default, which rayguard does not change any more.
    let (namespace, _rayguard, _injector) = with_injector("longer-timeout", ORDERS[1], longer_timeout, "");
    let refused = namespace.send("apply -f -", &manifest()).fails();
    let path = "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value";
    assert_eq!(refused.denials(), [format!("worker-reconnect-timeout {path}")], "{}", refused.stderr);
}
