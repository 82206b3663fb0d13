//! The API server's audit log of rayguard's decisions.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::manifests::BAD_CLUSTER;
use super::webhooks::PROBE;
use super::{ApiServer, Namespace};
use crate::server::process::{Rayguard, eventually};

const TROUBLESHOOTING: &str = include_str!("../../../../docs/troubleshooting.md");
const METRICS: &str = include_str!("../../../../docs/metrics.md");

/// A cluster that gets a default.
const GOOD_CLUSTER: &str = "
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: good}
spec:
  gcsFaultToleranceOptions: {redisAddress: 'redis:6379', redisPassword: {valueFrom: {secretKeyRef: {name: a, key: b}}}}
  headGroupSpec:
    rayStartParams: {num-cpus: '0'}
    template: {spec: {containers: [{name: ray-head, image: ray, resources: {limits: {memory: 4Gi}}}]}}
  workerGroupSpecs:
  - {groupName: w, replicas: 1, minReplicas: 1, maxReplicas: 1, template: {spec: {containers: [{name: ray-worker, image: ray}]}}}
";

/// Writes the audit policy of the documentation, and returns the arguments of kube-apiserver.
pub(super) fn arguments(folder: &Path) -> [String; 2] {
    let (_, policy) = TROUBLESHOOTING.split_once("```yaml\napiVersion: audit.k8s.io/v1\n").expect("an audit policy");
    let (policy, _) = policy.split_once("```").expect("its end");
    let [file, log] = ["audit.yaml", "audit.log"].map(|name| folder.join(name));
    fs::write(&file, format!("apiVersion: audit.k8s.io/v1\n{policy}")).expect("a file");
    [format!("--audit-policy-file={}", file.display()), format!("--audit-log-path={}", log.display())]
}

/// Returns the log's events of an object, one for each write or refusal.
fn events(namespace: &Namespace<'_>, name: &str) -> Vec<Value> {
    let log = fs::read_to_string(ApiServer::shared().kube_apiserver.file("audit.log")).expect("an audit log");
    // The last line may be incomplete.
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_it = |event: &Value| {
        let object = &event["objectRef"];
        object["apiGroup"] == "ray.io" && object["namespace"] == *namespace.name && object["name"] == name
    };
    events.filter(is_it).collect()
}

/// Returns the last event of an object, once there is one more than before the change.
fn event(namespace: &Namespace<'_>, name: &str, change: impl FnOnce()) -> Value {
    let before = events(namespace, name).len();
    change();
    eventually("the audit log", || {
        let mut events = events(namespace, name);
        if events.len() > before { events.pop() } else { None }
    })
}

/// Returns the values of annotations whose names begin like this.
fn annotations<'e>(event: &'e Value, beginning: &str) -> Vec<&'e str> {
    let all = event["annotations"].as_object().expect("annotations").iter();
    let found = all.filter(|(name, _)| name.starts_with(beginning));
    found.map(|(_, value)| value.as_str().expect("a text")).collect()
}

#[test]
fn the_audit_log_names_the_rules_of_each_level_without_values() {
    let namespace = ApiServer::shared().namespace("audit-rules");
    let rayguard = Rayguard::with_policy("rules: {missing-redis-password: audit, malformed-redis-address: warn}");
    namespace.guard(&rayguard);
    let refused = event(&namespace, "bad", || {
        namespace.send("create -f -", BAD_CLUSTER).fails();
    });
    assert_eq!(refused["responseStatus"]["code"], 422);
    let of = |level: &str| annotations(&refused, &format!("validate.rayguard.dev/{level}"));
    assert_eq!(of("deny"), ["worker-reconnect-timeout,invalid-reconnect-timeout,invalid-ray-start-parameter"]);
    assert_eq!(of("warn"), ["malformed-redis-address"]);
    assert_eq!(of("audit"), ["missing-redis-password"]);
    let names = "`validate.rayguard.dev/deny`, `…/warn` and `…/audit`";
    assert!(METRICS.contains(names), "docs/metrics.md does not have {names}");

    let admitted = event(&namespace, "probe", || {
        namespace.send("create --dry-run=server -f -", PROBE).passes();
    });
    assert_eq!(annotations(&admitted, "validate.rayguard.dev/"), [""; 0]);
}

#[test]
fn the_audit_log_has_the_patch_and_its_webhook() {
    let namespace = ApiServer::shared().namespace("audit-defaults");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);
    let created = event(&namespace, "good", || {
        namespace.send("create -f -", GOOD_CLUSTER).passes_silently();
    });
    assert_eq!((&created["user"]["username"], &created["verb"]), (&json!("administrator"), &json!("create")));
    let [patch, mutation] = ["patch", "mutation"].map(|kind| format!("{kind}.webhook.admission.k8s.io/round_0_index_"));
    for name in [&patch, &mutation] {
        assert!(TROUBLESHOOTING.contains(&format!("`{name}…`")), "docs/troubleshooting.md does not have {name}");
    }
    let patches: Vec<Value> = annotations(&created, &patch).into_iter().map(parse).collect();
    let [patch] = &patches[..] else { panic!("{patches:?}") };
    assert_eq!(
        (&patch["configuration"], &patch["webhook"]),
        (&json!("rayguard-audit-defaults"), &json!("mutate.rayguard.dev"))
    );
    let added = &patch["patch"][0]["value"][0];
    assert_eq!(*added, json!({"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"}), "{patch}");
    let mutations: Vec<Value> = annotations(&created, &mutation).into_iter().map(parse).collect();
    let ours = mutations.iter().find(|mutation| mutation["webhook"] == "mutate.rayguard.dev").expect("ours");
    assert_eq!(ours["mutated"], true);

    // A further update does not change the object again. Two writers that undo each other would show here.
    let again = event(&namespace, "good", || {
        namespace.patch("raycluster/good", r#"{"metadata": {"annotations": {"ray.io/note": "x"}}}"#).passes();
    });
    assert_eq!(annotations(&again, "patch.webhook"), [""; 0], "{again}");
}

#[test]
fn the_audit_log_marks_requests_that_passed_unchecked() {
    let namespace = ApiServer::shared().namespace("audit-failed-open");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);
    let policy = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
    for kind in ["mutating", "validating"] {
        namespace.json_patch(&format!("{kind}webhookconfiguration/rayguard-audit-failed-open"), &policy).passes();
    }
    drop(rayguard);
    eventually("both webhooks to fail open", || {
        let passed = namespace.send("create --dry-run=server -f -", PROBE).success();
        passed.then_some(())
    });
    let unchecked = event(&namespace, "bad", || {
        namespace.send("create --dry-run=server -f -", BAD_CLUSTER).passes();
    });
    for (kind, webhook) in [("mutation", "mutate"), ("validating", "validate")] {
        let name = format!("failed-open.{kind}.webhook.admission.k8s.io/");
        assert!(METRICS.contains(&format!("`{name}…`")), "docs/metrics.md does not have {name}");
        assert_eq!(annotations(&unchecked, &name), [format!("{webhook}.rayguard.dev")], "{unchecked}");
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
