//! Which requests the API server sends to webhooks that are registered as by the chart.

mod scaling;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::Rendered;
use crate::server::apiserver::{ApiServer, LEGACY_CLUSTER, Namespace};
use crate::server::process::{Rayguard, eventually};

const WEBHOOKS: [(&str, &str); 2] =
    [("MutatingWebhookConfiguration", "mutate"), ("ValidatingWebhookConfiguration", "validate")];

/// A cluster without denials and warnings.
const CLUSTER: &str = "
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: cluster, finalizers: [example.com/held]}
spec: {headGroupSpec: {template: {spec: {containers: [{name: ray-head, image: rayproject/ray}]}}}}
";

/// Returns how often each of the two webhooks has answered.
fn calls(rayguard: &Rayguard) -> [u64; 2] {
    let metrics = rayguard.ask_admin("/metrics").body;
    WEBHOOKS.map(|(_, webhook)| {
        let name = format!("rayguard_admission_duration_seconds_count{{webhook=\"{webhook}\"}} ");
        let count = metrics.lines().find_map(|line| line.strip_prefix(&name));
        count.map_or(0, |count| count.parse().expect("a number"))
    })
}

/// Creates a namespace with the chart's webhooks, which apply to no other namespace. They have a URL in place of a
/// Service, because there is no network for Services here.
fn guarded<'a>(name: &str, rayguard: &Rayguard) -> Namespace<'a> {
    let namespace = ApiServer::shared().namespace(name);
    let values = [
        format!("fullnameOverride=chart-{name}"),
        format!("webhooks.namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name={name}"),
    ];
    let rendered = Rendered::new(values.iter().flat_map(|value| ["--set", value]));
    for (kind, path) in WEBHOOKS {
        let mut configuration = rendered.only(kind).clone();
        configuration["webhooks"][0]["clientConfig"] = json!({
            "url": format!("https://{}/{path}", rayguard.webhooks), "caBundle": BASE64_STANDARD.encode(&rayguard.ca),
        });
        namespace.send("create -f -", &configuration.to_string()).passes_silently();
    }
    eventually("kube-apiserver to call both webhooks", || {
        namespace.send("create --dry-run=server -f -", CLUSTER);
        calls(rayguard).iter().all(|calls| *calls > 0).then_some(())
    });
    namespace
}

/// Returns how many calls of each webhook a change causes.
fn count_calls(rayguard: &Rayguard, change: impl FnOnce()) -> [u64; 2] {
    let before = calls(rayguard);
    change();
    let after = calls(rayguard);
    [after[0] - before[0], after[1] - before[1]]
}

/// Asserts that kube-apiserver could evaluate all conditions so far. Otherwise it refuses, or leaves a webhook out.
fn assert_no_condition_failed(namespace: &Namespace<'_>) {
    let metrics = namespace.kubectl("get --raw /metrics").passes().stdout;
    let errors = metrics.lines().filter(|line| line.contains("match_condition_evaluation_errors_total"));
    let of_rayguard: Vec<_> = errors.filter(|line| line.contains("rayguard.dev")).collect();
    assert!(of_rayguard.is_empty(), "{of_rayguard:?}");
}

#[test]
fn only_changes_to_checked_fields_are_sent() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions", &rayguard);
    let created = count_calls(&rayguard, || {
        namespace.send("create -f -", CLUSTER).passes_silently();
    });
    assert_eq!(created, [1, 1]);

    let annotations = |annotations: &str| format!(r#"{{"metadata": {{"annotations": {annotations}}}}}"#);
    let labels = |labels: &str| format!(r#"{{"metadata": {{"labels": {labels}}}}}"#);
    for (what, patch, expected) in [
        ("a label of the user's", labels(r#"{"team": "ml"}"#), false),
        ("an annotation of the user's", annotations(r#"{"note": "x"}"#), false),
        (
            "an added finalizer",
            r#"{"metadata": {"finalizers": ["example.com/held", "example.com/too"]}}"#.to_owned(),
            false,
        ),
        ("a removed finalizer", r#"{"metadata": {"finalizers": ["example.com/held"]}}"#.to_owned(), false),
        ("an annotation of KubeRay's", annotations(r#"{"ray.io/note": "x"}"#), true),
        ("another value of it", annotations(r#"{"ray.io/note": "y"}"#), true),
        ("the same value and another annotation", annotations(r#"{"ray.io/note": "y", "note": "y"}"#), false),
        ("its removal", annotations(r#"{"ray.io/note": null}"#), true),
        ("the removal of all annotations", annotations("null"), false),
        ("a label of KubeRay's", labels(r#"{"ray.io/note": "x"}"#), true),
        ("its removal, and that of all labels", labels("null"), true),
        ("a field of the spec", r#"{"spec": {"suspend": true}}"#.to_owned(), true),
        ("its removal", r#"{"spec": {"suspend": null}}"#.to_owned(), true),
    ] {
        let sent = count_calls(&rayguard, || {
            namespace.patch("raycluster/cluster", &patch).passes_silently();
        });
        // There may be several calls, if the API server had an older object in its cache and tries again.
        assert_eq!(sent.map(|calls| calls > 0), [expected; 2], "{what}");
    }
    let status = count_calls(&rayguard, || {
        let patch = r#"{"status": {"reason": "because"}}"#;
        namespace
            .kubectl_with(["patch", "raycluster/cluster", "--subresource=status", "--type=merge", "--patch", patch])
            .passes_silently();
    });
    assert_eq!(status, [0, 0], "status");
}

#[test]
fn an_object_that_is_being_deleted_can_be_removed_while_rayguard_is_down() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-deletion", &rayguard);
    namespace.send("create -f -", CLUSTER).passes_silently();
    drop(rayguard);

    let suspend = r#"{"spec": {"suspend": true}}"#;
    let refused = namespace.patch("raycluster/cluster", suspend).fails();
    assert!(refused.stderr.contains("failed calling webhook \"validate.rayguard.dev\""), "{}", refused.stderr);
    namespace.kubectl("delete raycluster/cluster --wait=false").passes_silently();
    namespace.patch("raycluster/cluster", suspend).passes_silently();
    namespace.patch("raycluster/cluster", r#"{"metadata": {"finalizers": null}}"#).passes_silently();
    namespace.kubectl("get raycluster/cluster").fails();
}

#[test]
fn a_v1alpha1_object_is_sent_by_match_policy_equivalent() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-v1alpha1", &rayguard);
    let sent = count_calls(&rayguard, || {
        namespace.send("create -f -", LEGACY_CLUSTER).passes();
    });
    assert_eq!(sent, [1, 1]);
    let cluster = namespace.get("rayclusters.v1.ray.io/legacy");
    assert_eq!(cluster["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["env"][0]["value"], "600");
}

#[test]
fn a_namespace_can_opt_out() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-opt-out", &rayguard);
    namespace.kubectl("label namespace conditions-opt-out rayguard.dev/ignore=").passes();
    eventually("kube-apiserver to exclude the namespace", || {
        let sent = count_calls(&rayguard, || {
            namespace.send("create --dry-run=server -f -", CLUSTER).passes_silently();
        });
        (sent == [0, 0]).then_some(())
    });
}

#[test]
fn the_largest_object_is_within_the_cost_budget_of_the_match_conditions() {
    let rayguard = Rayguard::start(&[]);
    let namespace = guarded("conditions-large", &rayguard);
    // The object has 1.5 MiB, the limit of etcd, and the maximum of annotations, 256 KiB.
    let variables: Vec<_> =
        (0..10_000).map(|index| json!({"name": format!("V{index}"), "value": "x".repeat(80)})).collect();
    let annotations: serde_json::Map<_, _> =
        (0..8_000).map(|index| (format!("ray.io/annotation-{index:06}"), json!("x"))).collect();
    let container = json!({"name": "ray-head", "image": "rayproject/ray", "env": variables});
    let cluster = json!({
        "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "cluster", "annotations": annotations},
        "spec": {"headGroupSpec": {"template": {"spec": {"containers": [container]}}}},
    });
    namespace.send("create -f -", &cluster.to_string()).passes_silently();
    let sent = count_calls(&rayguard, || {
        namespace.patch("raycluster/cluster", r#"{"metadata": {"labels": {"team": "ml"}}}"#).passes_silently();
    });
    assert_eq!(sent, [0, 0]);
    assert_no_condition_failed(&namespace);
}
