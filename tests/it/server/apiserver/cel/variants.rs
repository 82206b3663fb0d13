//! Handwritten cases that neither the examples nor the generators cover.

use rayguard_policy::rules::find;
use serde_json::{Value, json};

use super::cases::{BUILT_IN, Case, exported_rules};

/// Returns all handwritten cases.
pub(super) fn all() -> Vec<Case> {
    let mut cases = [updates(), exemptions(), levels(), twice()].concat();
    let untyped = Case::of("a type called none", &later("6", "{RayServiceIncrementalUpgrade: true}"), untyped("none"));
    cases.push(Case { rule: find("invalid-incremental-upgrade"), ..untyped });
    cases
}

/// Returns a policy for a version of the operator, with these gates.
fn later(minor: &str, gates: &str) -> String {
    format!("{BUILT_IN}kuberay: {{version: '1.{minor}', featureGates: {gates}}}\n")
}

/// Returns a cluster with these fault tolerance options and these variables of the head.
fn cluster(options: &Value, env: &Value) -> Value {
    json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": {
        "gcsFaultToleranceOptions": options, "rayVersion": "2.52.0",
        "headGroupSpec": {"rayStartParams": {}, "template": {"spec": {"containers": [
            {"name": "ray-head", "image": "rayproject/ray:2.52.0", "env": env}]}}}}})
}

/// Returns a cluster with this Redis address.
pub(super) fn with_address(address: &str) -> Value {
    cluster(&json!({"redisAddress": address}), &json!([]))
}

fn with(object: &Value, pointer: &str, key: &str, value: impl Into<Value>) -> Value {
    let mut object = object.clone();
    let parent = pointer.split('/').skip(1).fold(&mut object, |json, field| &mut json[field]);
    parent[key] = value.into();
    object
}

fn annotated(object: &Value, key: &str, value: &str) -> Value {
    with(object, "/metadata/annotations", key, value)
}

fn untyped(kind: &str) -> Value {
    let cluster = with_address("redis:6379")["spec"].clone();
    json!({"apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "s"},
        "spec": {"upgradeStrategy": {"type": kind}, "serveConfigV2": "applications: []", "rayClusterConfig": cluster}})
}

/// Cases of updates: which of them are checked, and their findings.
fn updates() -> Vec<Case> {
    let [good, bad] = ["redis:6379", "redis"].map(with_address);
    let mut plain = cluster(&json!({}), &json!([]));
    plain["spec"].as_object_mut().expect("a spec").remove("gcsFaultToleranceOptions");
    let upgraded = with(&plain, "/spec/upgradeStrategy", "type", "Recreate");
    let tolerant = annotated(&plain, "ray.io/ft-enabled", "true");
    let owned = with(&upgraded, "/metadata/labels", "ray.io/originated-from-crd", "RayService");
    let scaled = with(&bad, "/spec", "enableInTreeAutoscaling", true);
    let v1alpha1 = |object: &Value| with(object, "", "apiVersion", "ray.io/v1alpha1");
    let case = |name: &str, old: &Value, object: &Value| {
        let case = Case::of(name, BUILT_IN, object.clone());
        Case { old: Some(old.clone()), ..case }
    };
    vec![
        case("a spec that gets bad", &good, &bad),
        case("a spec that was bad", &bad, &scaled),
        case("nothing changes", &bad, &bad),
        case("an annotation of KubeRay's alone", &plain, &tolerant),
        case("an annotation of KubeRay's goes", &tolerant, &plain),
        case("another annotation of KubeRay's", &tolerant, &annotated(&tolerant, "ray.io/any", "1")),
        case("an annotation of another component", &bad, &annotated(&bad, "example.com/ray.io", "1")),
        case("a label of KubeRay's alone", &upgraded, &owned),
        case("a label of another component", &bad, &with(&bad, "/metadata/labels", "team", "a")),
        Case { is_deleted: true, ..case("it is being deleted", &good, &bad) },
        case("an update as v1alpha1", &v1alpha1(&plain), &v1alpha1(&tolerant)),
        case("a spec as v1alpha1", &v1alpha1(&tolerant), &with(&v1alpha1(&tolerant), "/spec", "suspend", true)),
    ]
}

/// Cases of exemptions by the policy, a namespace or the object.
fn exemptions() -> Vec<Case> {
    const RULE: &str = "rayguard.dev/ignore-malformed-redis-address";
    const POLICY: &str = "objectExemptions: [malformed-redis-address]\n\
        exemptions: [{namespaces: [exempt, lab], rules: [malformed-redis-address], reason: \"a\\rb\"}]\n";
    let policy = format!("{BUILT_IN}{POLICY}");
    let [good, bad] = ["redis:6379", "redis"].map(with_address);
    let exempt = annotated(&bad, RULE, "why not");
    let rule = find("malformed-redis-address");
    let case = |name: &str, object: &Value| Case { rule, ..Case::of(name, &policy, object.clone()) };
    let mut cases = vec![
        case("no exemption", &bad),
        case("its own exemption", &exempt),
        case("its own exemption, blank", &annotated(&bad, RULE, " \t\u{a0}")),
        case("the exemption from another rule", &annotated(&bad, "rayguard.dev/ignore-loopback-redis", "why not")),
        Case::of("an exemption that the policy does not allow", BUILT_IN, exempt.clone()),
        Case { old: Some(good.clone()), ..case("an exemption that comes with an update", &exempt) },
        Case { old: Some(exempt), ..case("an exemption that goes", &with(&bad, "/spec", "suspend", true)) },
    ];
    for namespace in ["exempt", "ignored"] {
        for old in [None, Some(good.clone())] {
            cases.push(Case { old, namespace, ..case(&format!("in the namespace {namespace}"), &bad) });
        }
    }
    cases
}

/// Cases with levels that are not the rules' own: the first example of each rule, and updates. One policy sets all
/// levels, because compiling policies takes most of the API server's time, and each set has one or two policies of
/// every rule.
fn levels() -> Vec<Case> {
    const LEVELS: [&str; 3] = ["deny", "warn", "audit"];
    let mut cases = Vec::new();
    let first = |rule| super::cases::examples(rule).find(|example| example.policy == BUILT_IN);
    for turn in 1..LEVELS.len() {
        let levels = exported_rules().map(|rule| {
            let own = LEVELS.iter().position(|level| *level == rule.level.to_string()).unwrap_or_default();
            format!("{}: {}", rule.name, LEVELS[(own + turn) % LEVELS.len()])
        });
        let policy = format!("{BUILT_IN}rules: {{{}}}\n", levels.collect::<Vec<_>>().join(", "));
        for example in exported_rules().filter_map(first) {
            cases.push(Case { is_ours: false, old: example.old, ..Case::of(&example.name, &policy, example.object) });
        }
        for case in updates() {
            cases.push(Case { policy: policy.clone(), ..case });
        }
    }
    cases
}

/// Cases with a variable that occurs twice, which the API server accepts with KubeRay 1.1's CRDs.
fn twice() -> Vec<Case> {
    let reference = json!({"secretKeyRef": {"name": "redis", "key": "password"}});
    let timeout = "RAY_gcs_rpc_server_reconnect_timeout_s";
    let values = [
        (timeout, json!({"value": "30"}), json!({"value": "7200"})),
        (timeout, json!({"value": "30s"}), json!({"value": "60"})),
        (timeout, json!({"valueFrom": reference.clone()}), json!({"value": "0"})),
        ("RAY_REDIS_ADDRESS", json!({"value": "redis"}), json!({"value": "redis:6379"})),
        ("RAY_REDIS_ADDRESS", json!({"value": "127.0.0.1:1"}), json!({"valueFrom": reference.clone()})),
        ("REDIS_PASSWORD", json!({"value": "secret"}), json!({"valueFrom": reference.clone()})),
        ("REDIS_PASSWORD", json!({"value": ""}), json!({"value": "secret"})),
        ("RAY_external_storage_namespace", json!({"value": ""}), json!({"value": "mine"})),
        ("RAY_external_storage_namespace", json!({"value": "a"}), json!({"valueFrom": reference})),
        ("RAY_enable_autoscaler_v2", json!({"value": "0"}), json!({"value": "1"})),
    ];
    let mut cases = Vec::new();
    for (name, one, other) in values {
        for [first, last] in [[&one, &other], [&other, &one]] {
            let [first, last] = [first, last].map(|value| with(value, "", "name", name));
            let env = json!([first, {"name": "OTHER", "value": "x"}, last]);
            let annotation = annotated(&cluster(&Value::Null, &env), "ray.io/ft-enabled", "true");
            let annotation =
                with(&annotation, "/spec/headGroupSpec/rayStartParams", "redis-password", "$REDIS_PASSWORD");
            let options = cluster(&json!({"redisAddress": "redis:6379"}), &env);
            let workers = json!([{"groupName": "w", "replicas": 1, "minReplicas": 1, "maxReplicas": 1, "rayStartParams": {},
                "template": annotation["spec"]["headGroupSpec"]["template"]}]);
            for object in [annotation, options] {
                let object = with(&object, "/spec", "workerGroupSpecs", workers.clone());
                let scaled = with(&object, "/spec", "enableInTreeAutoscaling", true);
                for policy in [&later("1", "{}"), BUILT_IN] {
                    let name = format!("{name} twice");
                    cases.extend([&object, &scaled].map(|object| Case::of(&name, policy, object.clone())));
                }
            }
        }
    }
    cases
}
