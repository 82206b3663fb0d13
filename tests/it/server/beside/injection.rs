//! Beside a webhook that injects, in either order. Ours is registered as `rayguard-…`, and kube-apiserver goes by names.

use serde_json::{Value, json};

use super::injector::{Injection, Injector};
use super::{CLUSTER, cluster, count, manifest, templates};
use crate::server::apiserver::{ApiServer, Namespace};
use crate::server::process::Rayguard;

/// The beginning of a name before ours and of one behind it.
const ORDERS: [&str; 2] = ["before", "then"];

const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// What is injected into every group: a container, and a variable for Ray's container.
const SIDECAR: &str = "log-shipper";
const VARIABLE: &str = "HTTPS_PROXY";

/// The groups of a cluster, by their paths.
fn groups(cluster: &Value) -> Vec<(String, &Value)> {
    let workers = cluster["spec"]["workerGroupSpecs"].as_array().into_iter().flatten().enumerate();
    let workers = workers.map(|(index, group)| (format!("/spec/workerGroupSpecs/{index}"), group));
    [("/spec/headGroupSpec".to_owned(), &cluster["spec"]["headGroupSpec"])].into_iter().chain(workers).collect()
}

/// As injectors do: to the end of each list, and only what is not there.
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

/// Switches fault tolerance on, as a platform's own webhook might.
fn redis(cluster: &Value) -> Vec<Value> {
    if cluster["spec"].get("gcsFaultToleranceOptions").is_some() {
        return Vec::new();
    }
    let password = json!({"valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}});
    let options = json!({"redisAddress": "redis:6379", "redisPassword": password});
    vec![json!({"op": "add", "path": "/spec/gcsFaultToleranceOptions", "value": options})]
}

/// Makes the head wait longer.
fn patience(cluster: &Value) -> Vec<Value> {
    let head = "/spec/headGroupSpec/template/spec/containers";
    let env = cluster.pointer(&format!("{head}/0/env")).unwrap_or(&Value::Null);
    variable(head, env, TIMEOUT, "900").into_iter().collect()
}

/// A namespace with both webhooks.
fn beside(name: &str, order: &str, injection: Injection, policy: &str) -> (Namespace<'static>, Rayguard, Injector) {
    let namespace = ApiServer::shared().namespace(&format!("{name}-{order}"));
    let (rayguard, injector) = (Rayguard::with_policy(policy), Injector::start(injection));
    namespace.guard(&rayguard);
    injector.register(&namespace, order);
    (namespace, rayguard, injector)
}

/// How often rayguard has been asked for defaults.
fn calls(rayguard: &Rayguard) -> u64 {
    rayguard.metric("rayguard_admission_duration_seconds_count{webhook=\"mutate\"}")
}

#[test]
fn a_sidecar_and_our_defaults_are_both_there_once_whoever_comes_first() {
    for (order, asked) in ORDERS.into_iter().zip([1, 2]) {
        for command in ["apply", "apply --server-side"] {
            let name = format!("sidecar{}", command.replace([' ', '-'], ""));
            let (namespace, rayguard, _injector) = beside(&name, order, sidecar, "");
            let before = calls(&rayguard);
            namespace.send(&format!("{command} -f -"), &manifest()).passes_silently();
            assert_eq!(calls(&rayguard) - before, asked, "asked again where somebody changes the object behind us");

            let first = cluster(&namespace, 1);
            for (index, template) in templates(&first).into_iter().enumerate() {
                assert_eq!(count(&template["containers"], SIDECAR), 1, "{order}: {template:#}");
                let env = &template["containers"][0]["env"];
                assert_eq!(count(env, VARIABLE), 1, "{order}: {template:#}");
                assert_eq!(count(env, TIMEOUT), usize::from(index > 0), "{order}: {template:#}");
            }
            // The manifest has neither, so each time both write theirs again.
            for _ in 0..3 {
                namespace.send(&format!("{command} -f -"), &manifest()).passes_silently();
                assert_eq!(cluster(&namespace, 1)["spec"], first["spec"], "{order} {command}");
            }
        }
    }
}

#[test]
fn beside_an_injector_too_re_applying_a_manifest_is_no_change_whatever_the_policy() {
    for order in ORDERS {
        for command in ["apply", "apply --server-side"] {
            let name = format!("policies{}", command.replace([' ', '-'], ""));
            let off = "defaults: {workerReconnectTimeout: off}";
            let (namespace, _rayguard, _injector) = beside(&name, order, sidecar, off);
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
fn fault_tolerance_that_another_webhook_switches_on_gets_its_defaults() {
    for order in ORDERS {
        let (namespace, _rayguard, _injector) = beside("redis", order, redis, "");
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
fn what_another_webhook_breaks_behind_us_is_refused() {
    // Before us, it is what we reckon with.
    let (namespace, _rayguard, _injector) = beside("patience", ORDERS[0], patience, "");
    namespace.send("apply -f -", &manifest()).passes_silently();
    let env = &templates(&namespace.get(CLUSTER))[1]["containers"][0]["env"].clone();
    assert_eq!(env, &json!([{"name": TIMEOUT, "value": "1440"}]));

    // Behind us, it contradicts what is there already and is not ours to change any more.
    let (namespace, _rayguard, _injector) = beside("patience", ORDERS[1], patience, "");
    let refused = namespace.send("apply -f -", &manifest()).fails();
    let place = "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value";
    assert_eq!(refused.denials(), [format!("worker-reconnect-timeout {place}")], "{}", refused.stderr);
}
