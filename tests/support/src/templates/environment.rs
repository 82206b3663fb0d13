//! Environment variables, and their sources.

use serde_json::json;

use super::change::{Change, change, each, list};
use super::text::names;

pub(super) fn changes() -> Vec<Change> {
    let variables = list(json!([
        "",
        "=",
        "A=B",
        "=A",
        "ü",
        " ",
        "a b",
        "1A",
        "A.B",
        "-x",
        "ok_name",
        "my.var",
        "a/b",
        "..",
        ".",
        "..x",
        "A\tB",
        "A\u{7f}",
        "!",
        "%d",
        "PATH",
        "RAY_ADDRESS",
        "A:B",
        "A\nB",
        "(",
        "日本",
        "a".repeat(300),
    ]));
    let fields = list(json!([
        "",
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.labels",
        "metadata.labels['a']",
        "metadata.labels['a b']",
        "metadata.labels['']",
        "metadata.labels['A.b/c']",
        "metadata.labels['a.b/c']",
        "metadata.labels[a]",
        "metadata.labels[\"a\"]",
        "metadata.annotations['A.b/c']",
        "metadata.annotations['']",
        "metadata.annotations['a b']",
        "metadata.annotations",
        "metadata.labels['ray.io/cluster']",
        "metadata.generation",
        "metadata.creationTimestamp",
        "spec.nodeName",
        "spec.serviceAccountName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
        "status.phase",
        "spec.host",
        "Metadata.name",
        "metadata.name ",
        "name",
        "metadata.Labels['a']",
    ]));
    let resources = list(json!([
        {"resource": ""}, {"resource": "limits.cpu"}, {"resource": "requests.cpu", "divisor": "1m"},
        {"resource": "requests.memory", "divisor": "1Mi"},
        {"resource": "limits.memory", "divisor": "1M"}, {"resource": "limits.memory", "divisor": "2Mi"},
        {"resource": "limits.cpu", "divisor": "1Mi"},
        {"resource": "limits.cpu", "divisor": "10m"}, {"resource": "limits.cpu", "divisor": "0"},
        {"resource": "limits.cpu", "divisor": 1},
        {"resource": "limits.cpu", "divisor": "-1"}, {"resource": "limits.ephemeral-storage", "divisor": "1Gi"},
        {"resource": "limits.memory", "divisor": "1m"},
        {"resource": "requests.ephemeral-storage", "divisor": "1m"}, {"resource": "limits.hugepages-2Mi"},
        {"resource": "requests.hugepages-1Gi", "divisor": "1Mi"},
        {"resource": "limits.nvidia.com/gpu"}, {"resource": "limits.foo"}, {"resource": "cpu"},
        {"resource": "limits.memory", "containerName": "logger"},
        {"resource": "limits.memory", "containerName": "nobody"},
        {"resource": "requests.memory", "divisor": "1024Ki"}, {"resource": "limits.memory", "divisor": "1e3"},
    ]));
    let keys = list(json!([
        "",
        "a",
        "a b",
        ".",
        "..",
        "..a",
        "a.b",
        "A_b-c.d",
        "a/b",
        "ä",
        "a:b",
        "k".repeat(253),
        "k".repeat(254)
    ]));
    let mut from_key = Vec::new();
    for source in ["secretKeyRef", "configMapKeyRef"] {
        from_key.extend(each(&json!({"name": "KEY", "valueFrom": {source: {"name": "a", "key": "?"}}}), &keys));
        from_key.extend(each(&json!({"name": "KEY", "valueFrom": {source: {"name": "?", "key": "a"}}}), &names()));
    }
    let mut from_all = Vec::new();
    for source in ["secretRef", "configMapRef"] {
        from_all.extend(each(&json!({source: {"name": "?"}}), &names()));
    }
    vec![
        change!(Container "/env/-" = each(&json!({"name": "?", "value": "v"}), &variables)),
        change!(Container "/env/-" = each(&json!({"name": "FIELD", "valueFrom": {"fieldRef": {"fieldPath": "?"}}}),
        &fields)),
        change!(Container "/env/-" = each(&json!({"name": "RESOURCE", "valueFrom": {"resourceFieldRef": "?"}}),
        &resources)),
        change!(Container "/env/-" = from_key),
        change!(Container "/envFrom/-" = from_all),
        change!(Container "/envFrom/-" = each(&json!({"prefix": "?", "secretRef": {"name": "a"}}), &variables)),
        change!(Container "/env/-" = [
            {"name": "A", "valueFrom": {}}, {"name": "A", "value": "", "valueFrom": {}},
            {"name": "A", "value": "v", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "A", "value": "", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "A", "value": "v", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
            {"name": "A", "value": "v", "valueFrom": {}},
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}, "configMapKeyRef": {"name": "a",
            "key": "b"}}},
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"},
            "resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}}},
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": ""}}},
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}},
            {"name": "A", "valueFrom": {"secretKeyRef": {"key": "b"}}},
            {"name": "A", "valueFrom": {"configMapKeyRef": {"key": "", "name": ""}}},
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b", "optional": true}}},
            {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "logs", "path": "a", "key": "b"}}},
            {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "nobody", "path": "../a", "key": ""}}},
            {"name": "A"}, {"name": "A", "value": "$(B)"},
        ]),
        change!(Container "/envFrom/-" = [
            {}, {"prefix": "A"}, {"secretRef": {"name": "a"}, "configMapRef": {"name": "a"}}, {"secretRef": {}},
            {"configMapRef": {"optional": true}},
            {"configMapRef": {"name": "a"}, "prefix": "A_"}, {"secretRef": {"name": "a", "optional": true}},
        ]),
        change!(Cluster "/gcsFaultToleranceOptions" = [
            {"redisAddress": "redis:6379", "redisPassword": {"value": "x", "valueFrom": {"secretKeyRef": {"name": "a",
            "key": "b"}}}},
            {"redisAddress": "redis:6379", "redisPassword": {"valueFrom": {}}},
            {"redisAddress": "redis:6379", "redisUsername": {"valueFrom": {}}},
            {"redisAddress": "redis:6379", "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "", "key": "b"}}}},
            {"redisAddress": "redis:6379", "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "redis",
            "key": "a b"}}}},
            {"redisAddress": "redis:6379", "redisUsername": {"value": "u"},
            "redisPassword": {"valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}},
        ]),
    ]
}
