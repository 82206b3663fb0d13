use std::fmt::Write as _;

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml;

use super::effective_values;
use crate::policy::{Policy, Webhook};

const TEXT: &str = "\
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: a}
spec:
  gcsFaultToleranceOptions:
    redisAddress: redis:6379,redis://:hidden@other:6379
    redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}
  headGroupSpec:
    rayStartParams: {num-cpus: \"0\"}
    template:
      spec:
        containers:
        - name: head
          image: rayproject/ray:2.52.0
          resources: {limits: {cpu: 2, memory: 4Gi}}
  workerGroupSpecs:
  - groupName: small
    rayStartParams: {}
    template:
      spec:
        containers:
        - name: worker
          image: rayproject/ray:2.52.0
          resources: {limits: {cpu: 1500m}}
  - groupName: patient
    replicas: 2
    template:
      spec:
        containers:
        - name: worker
          env:
          - {name: A, value: b}
          - {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"900\"}
";

/// Returns the values at a field, a line each.
fn at(policy: &Policy, text: &str, path: &FieldPath) -> String {
    let document = yaml::documents(text).remove(0).expect("YAML");
    let values = effective_values(policy, &document.json, "default");
    values.iter().filter(|value| value.is_about(path)).fold(String::new(), |mut lines, value| {
        let _ = writeln!(lines, "{}: {} ({})", value.name, value.value, value.origin);
        lines
    })
}

fn group(index: usize) -> FieldPath {
    FieldPath::of(["spec", "workerGroupSpecs"]).index(index)
}

#[test]
fn each_value_names_its_origin() {
    let policy = Policy::default();
    let mut shown = String::new();
    let options = FieldPath::of(["spec", "gcsFaultToleranceOptions"]);
    let head = FieldPath::of(["spec", "headGroupSpec"]);
    let container = head.clone().fields(["template", "spec", "containers"]).index(0);
    for path in [
        options.clone(),
        options.field("redisPassword"),
        head.clone(),
        head.field("rayStartParams").key("num-cpus"),
        container.field("resources").field("limits").field("memory"),
        group(0),
        group(0).field("rayStartParams"),
        group(1).field("groupName"),
        group(1).fields(["template", "spec", "containers"]).index(0).field("env").index(1).field("value"),
        FieldPath::of(["metadata"]),
    ] {
        let _ = writeln!(shown, "# {path}\n{}", at(&policy, TEXT, &path));
    }
    insta::assert_snapshot!(shown);
    assert!(!shown.contains("hidden"), "a password is never shown");
}

#[test]
fn the_default_of_a_timeout_depends_on_the_webhook() {
    let absent = Policy { webhook: Some(Webhook::Absent), ..Policy::default() };
    let origin = |policy: &Policy| {
        let lines = at(policy, TEXT, &group(0));
        lines.lines().find(|line| line.starts_with("GCS reconnect")).expect("a timeout").to_owned()
    };
    let timeout = "GCS reconnect timeout of the worker group small: 600 s";
    assert_eq!(origin(&Policy::default()), format!("{timeout} (rayguard's default, because this group sets none)"));
    assert_eq!(origin(&absent), format!("{timeout} (KubeRay's default, because this group sets none)"));
}

#[test]
fn an_object_without_a_cluster_has_no_values() {
    for text in [
        "apiVersion: v1\nkind: Service\nspec: {}\n",
        "apiVersion: ray.io/v1\nkind: RayJob\nmetadata: {name: a}\nspec: {clusterSelector: {ray.io/cluster: b}}\n",
        "apiVersion: ray.io/v1\nkind: RayCluster\n",
    ] {
        assert_eq!(at(&Policy::default(), text, &FieldPath::of(["spec"])), "", "{text}");
    }
}
