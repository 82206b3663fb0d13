//! The autoscaler's changes, which kube-apiserver admits without a call, and similar changes, which it sends.

use serde_json::{Value, json};

use super::{assert_no_condition_failed, count_calls, guarded};
use crate::server::process::Rayguard;

/// Returns a RayCluster with these worker groups.
fn cluster(groups: &[Value]) -> Value {
    json!({
        "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "cluster"},
        "spec": {"headGroupSpec": {"template": template("ray-head")}, "workerGroupSpecs": groups},
    })
}

fn template(container: &str) -> Value {
    json!({"spec": {"containers": [{"name": container, "image": "rayproject/ray"}]}})
}

/// Returns a worker group with the fields that KubeRay requires.
fn group(name: &str) -> Value {
    json!({"groupName": name, "replicas": 1, "minReplicas": 0, "maxReplicas": 9, "template": template("ray-worker")})
}

/// Returns a JSON patch that sets these fields, which are named by their path in the spec.
fn set<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let operations =
        fields.map(|(field, value)| json!({"op": "add", "path": format!("/spec/{field}"), "value": value}));
    Value::from(operations.to_vec())
}

#[test]
fn only_changes_that_the_autoscaler_makes_are_not_sent() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-scaling", &rayguard);
    let (mut a, b) = (group("a"), group("b"));
    a["scaleStrategy"] = json!({"workersToDelete": []});
    namespace.send("create -f -", &cluster(&[a.clone(), b.clone()]).to_string()).passes_silently();
    let service = json!({
        "apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "cluster"}, "spec": {
            "serveConfigV2": "applications: [{name: app, import_path: a:b}]",
            "rayClusterConfig": cluster(std::slice::from_ref(&a))["spec"],
        },
    });
    namespace.send("create -f -", &service.to_string()).passes();
    // Each row is a change of the object as it was created.
    let delete = json!({"workersToDelete": ["cluster-a-worker-x"]});
    let annotated = json!({"op": "add", "path": "/metadata/annotations", "value": {"ray.io/note": "x"}});
    let scaled_and_annotated = json!([annotated, set([("workerGroupSpecs/0/replicas", json!(2))])[0]]);
    for (what, object, change, expected) in [
        ("more workers", "raycluster", set([("workerGroupSpecs/0/replicas", json!(2))]), false),
        ("no workers", "raycluster", set([("workerGroupSpecs/1/replicas", json!(0))]), false),
        (
            "fewer workers, and the name of one",
            "raycluster",
            set([("workerGroupSpecs/1/replicas", json!(0)), ("workerGroupSpecs/1/scaleStrategy", delete.clone())]),
            false,
        ),
        (
            "other numbers in all groups",
            "raycluster",
            set([("workerGroupSpecs/0/replicas", json!(3)), ("workerGroupSpecs/1/replicas", json!(4))]),
            false,
        ),
        (
            "no workers to delete any more",
            "raycluster",
            json!([{"op": "remove", "path": "/spec/workerGroupSpecs/0/scaleStrategy"}]),
            false,
        ),
        ("another order", "raycluster", set([("workerGroupSpecs", json!([&b, &a]))]), false),
        ("scaling and an annotation of KubeRay's", "raycluster", scaled_and_annotated, true),
        (
            "scaling and another field of the group",
            "raycluster",
            set([("workerGroupSpecs/0/replicas", json!(2)), ("workerGroupSpecs/0/maxReplicas", json!(8))]),
            true,
        ),
        (
            "scaling and a field of the spec",
            "raycluster",
            set([("workerGroupSpecs/0/replicas", json!(2)), ("suspend", json!(true))]),
            true,
        ),
        ("a field that the group did not have", "raycluster", set([("workerGroupSpecs/0/suspend", json!(true))]), true),
        (
            "a field of a template",
            "raycluster",
            set([("workerGroupSpecs/1/template/spec/containers/0/image", json!("rayproject/ray:2.57.1"))]),
            true,
        ),
        ("a field of the head", "raycluster", set([("headGroupSpec/rayStartParams", json!({"num-cpus": "0"}))]), true),
        ("one group more", "raycluster", set([("workerGroupSpecs/-", group("c"))]), true),
        ("one group less", "raycluster", set([("workerGroupSpecs", json!([&a]))]), true),
        ("one group twice", "raycluster", set([("workerGroupSpecs", json!([&a, &a]))]), true),
        ("no groups", "raycluster", set([("workerGroupSpecs", json!([]))]), true),
        ("another name", "raycluster", set([("workerGroupSpecs/1/groupName", json!("c"))]), true),
        (
            "a RayService's workers",
            "rayservice",
            set([("rayClusterConfig/workerGroupSpecs/0/replicas", json!(2))]),
            true,
        ),
    ] {
        let sent = count_calls(&rayguard, || {
            let (object, change) = (format!("{object}/cluster"), change.to_string());
            let outcome =
                namespace.kubectl_with(["patch", &object, "--dry-run=server", "--type=json", "--patch", &change]);
            if !expected {
                outcome.passes_silently();
            }
        });
        assert_eq!(sent.map(|calls| calls > 0), [expected; 2], "{what}");
    }
}

/// KubeRay's schema refuses these changes after the mutating webhook, which a condition that fails would leave out.
#[test]
fn a_value_of_a_wrong_type_makes_no_condition_fail() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-types", &rayguard);
    namespace.send("create -f -", &cluster(&[group("a")]).to_string()).passes_silently();
    for (path, value) in [
        ("", json!("text")),
        ("", json!([])),
        ("/workerGroupSpecs", json!("text")),
        ("/workerGroupSpecs", json!({"a": "b"})),
        ("/workerGroupSpecs", json!(["text"])),
        ("/workerGroupSpecs", json!([7])),
        ("/workerGroupSpecs", json!([[]])),
        ("/workerGroupSpecs/0/replicas", json!("two")),
        ("/workerGroupSpecs/0/scaleStrategy", json!([])),
        ("/workerGroupSpecs/0/groupName", json!(7)),
        ("/workerGroupSpecs/0/groupName", json!({})),
    ] {
        let patch = json!([{"op": "add", "path": format!("/spec{path}"), "value": value}]);
        let refused = namespace.json_patch("raycluster/cluster", &patch).fails();
        assert!(
            refused.stderr.contains("must be of type") && !refused.stderr.contains("rayguard"),
            "{}",
            refused.stderr
        );
    }
    assert_no_condition_failed(&namespace);
}

#[test]
fn the_autoscaler_scales_while_rayguard_is_down() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-scaling-down", &rayguard);
    namespace.send("create -f -", &cluster(&[group("a")]).to_string()).passes_silently();
    drop(rayguard);

    let delete = json!({"workersToDelete": ["cluster-a-worker-x"]});
    let scaled = set([("workerGroupSpecs/0/replicas", json!(5)), ("workerGroupSpecs/0/scaleStrategy", delete.clone())]);
    namespace.json_patch("raycluster/cluster", &scaled).passes_silently();
    let stored = namespace.get("raycluster/cluster");
    let group = &stored["spec"]["workerGroupSpecs"][0];
    assert_eq!([&group["replicas"], &group["scaleStrategy"]], [&json!(5), &delete]);
    let refused =
        namespace.json_patch("raycluster/cluster", &set([("workerGroupSpecs/0/maxReplicas", json!(5))])).fails();
    assert!(refused.stderr.contains("failed calling webhook \"validate.rayguard.dev\""), "{}", refused.stderr);
}

/// The groups have most fields of KubeRay's schema, and names that are equal up to their end, so that a comparison of two
/// costs most.
#[test]
fn a_hundred_groups_are_within_the_cost_budget_and_more_are_sent() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-groups", &rayguard);
    for (count, expected) in [(100, false), (101, true)] {
        let groups: Vec<_> = (0..count).map(|index| large_group(&format!("{}-{index:03}", "g".repeat(40)))).collect();
        namespace.send("create -f -", &cluster(&groups).to_string()).passes();
        let sent = count_calls(&rayguard, || {
            let last = format!("workerGroupSpecs/{}/replicas", count - 1);
            namespace.json_patch("raycluster/cluster", &set([(last.as_str(), json!(2))])).passes();
        });
        assert_eq!(sent.map(|calls| calls > 0), [expected; 2], "{count} groups");
        namespace.kubectl("delete raycluster/cluster").passes();
    }
    assert_no_condition_failed(&namespace);
}

fn large_group(name: &str) -> Value {
    let mut group = group(name);
    let variables: Vec<_> =
        (0..100).map(|index| json!({"name": format!("V{index}"), "value": "x".repeat(40)})).collect();
    group["template"]["spec"]["containers"][0]["env"] = Value::from(variables);
    for (field, value) in [
        ("labels", json!({"a": "b"})),
        ("numOfHosts", json!(1)),
        ("rayStartParams", json!({})),
        ("resources", json!({"CPU": "1"})),
        ("scaleStrategy", json!({"workersToDelete": []})),
        ("suspend", json!(false)),
    ] {
        group[field] = value;
    }
    group
}
