//! Requests and limits of containers and Pods, overhead, and resource claims.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};

pub(super) fn changes() -> Vec<Change> {
    let names = list(json!([
        "cpu",
        "memory",
        "ephemeral-storage",
        "hugepages-2Mi",
        "hugepages-1Gi",
        "hugepages-",
        "hugepages-x",
        "nvidia.com/gpu",
        "amd.com/gpu",
        "google.com/tpu",
        "example.com/Foo_Bar",
        "foo",
        "CPU",
        "Memory",
        "gpu",
        "a b",
        "",
        "/",
        "a/",
        "/a",
        "kubernetes.io/foo",
        "x.kubernetes.io/foo",
        "requests.nvidia.com/gpu",
        "requests.cpu",
        "limits.cpu",
        "pods",
        "storage",
        "services",
        "attachable-volumes-aws-ebs",
        "attachable-volumes-",
        "example.com/a b",
        "a/b/c",
        "ä",
        "example.com/requests.x",
        "k".repeat(64),
        format!("example.com/{}", "k".repeat(63)),
        format!("example.com/{}", "k".repeat(64)),
    ]));
    let quantities = list(json!([
        "0",
        "1",
        1,
        0,
        -1,
        "-1",
        "100m",
        "1.5",
        "0.5",
        "1500m",
        "1k",
        "1Ki",
        "1Mi",
        "1Gi",
        "4Gi",
        "1e3",
        "1E",
        "1e-3",
        "+1",
        ".5",
        "1.",
        "0.0001",
        "1n",
        "1u",
        "-0",
        "9223372036854775807",
        "9223372036854775808",
        "1e100",
        "2Mi",
        "3Mi",
        "1m",
        "100",
    ]));
    let mut both = Vec::new();
    for name in &names {
        both.push(pair(name, &json!("2"), &json!("1")));
        both.push(json!({"limits": {"cpu": "2", "memory": "4Gi", name.as_str().unwrap_or_default(): "2"}}));
    }
    let mut amounts = Vec::new();
    for name in ["cpu", "memory", "ephemeral-storage", "nvidia.com/gpu", "hugepages-2Mi", "example.com/x"] {
        amounts.extend(each(&json!({"limits": {"memory": "4Gi", name: "?"}}), &quantities));
        amounts.extend(each(&json!({"requests": {name: "?"}}), &quantities));
        amounts.extend(each(&json!({"limits": {name: "?"}, "requests": {name: "1"}}), &quantities));
    }
    vec![
        change!(Container "/resources" = each(&json!({"limits": {"?": "1"}}), &names)),
        change!(Container "/resources" = each(&json!({"requests": {"?": "1"}}), &names)),
        change!(Container "/resources" = both),
        change!(Container "/resources" = amounts),
        change!(Container "/resources" = [
            {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}},
            {"limits": {"cpu": "1"}, "requests": {"cpu": "1000m"}},
            {"limits": {"cpu": "1"}, "requests": {"cpu": "1001m"}},
            {"limits": {"memory": "1Gi"}, "requests": {"memory": "1G"}},
            {"limits": {"memory": "1G"}, "requests": {"memory": "1Gi"}},
            {"limits": {"memory": "1024Mi"}, "requests": {"memory": "1Gi"}},
            {"limits": {"nvidia.com/gpu": 1}, "requests": {"nvidia.com/gpu": 2}},
            {"limits": {"nvidia.com/gpu": 2}, "requests": {"nvidia.com/gpu": 1}},
            {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": 1}},
            {"requests": {"nvidia.com/gpu": 1}}, {"limits": {"nvidia.com/gpu": "1500m"}},
            {"limits": {"hugepages-2Mi": "4Mi"}}, {"limits": {"hugepages-2Mi": "4Mi", "memory": "1Gi"}},
            {"limits": {"hugepages-2Mi": "4Mi"}, "requests": {"cpu": "1"}},
            {"limits": {"hugepages-2Mi": "3Mi", "cpu": 1}}, {"limits": {"hugepages-2Mi": "4Mi", "hugepages-1Gi": "1Gi",
            "cpu": 1}},
            {"limits": {"hugepages-2Mi": "4Mi", "cpu": 1}, "requests": {"hugepages-2Mi": "2Mi"}},
            {"requests": {"hugepages-2Mi": "4Mi", "cpu": 1}},
            {"limits": {"hugepages-1Mi": "4Mi", "cpu": 1}}, {"limits": {"hugepages-4k": "4Mi", "cpu": 1}},
            {"limits": {"hugepages-2Mi": "0", "cpu": 1}},
            {"limits": {"hugepages-0": "4Mi", "cpu": 1}}, {"limits": {"hugepages--2Mi": "4Mi", "cpu": 1}}, {},
            {"limits": {}}, {"requests": {}}, {"limits": {}, "requests": {}},
            {"claims": [{"name": "nobody"}]}, {"claims": [{"name": ""}]}, {"claims": []},
            {"claims": [{"name": "a", "request": "b"}]},
            {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "2", "memory": "2Gi"}},
            {"limits": {"foo.bar/x": "1"}, "requests": {"foo.bar/x": "1"}},
            {"limits": {"ephemeral-storage": "1Gi"}, "requests": {"ephemeral-storage": "2Gi"}},
            {"limits": {"foo.bar/x": "1"}, "requests": {"foo.bar/x": "1", "foo.bar/y": "1"}},
            {"limits": {"cpu": "0"}, "requests": {"cpu": "1"}}, {"limits": {"memory": "0"}},
        ]),
        change!(Cluster "/autoscalerOptions/resources" = [
            {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}, {"requests": {"nvidia.com/gpu": 1}},
            {"limits": {"foo": 1}}, {"limits": {"cpu": "-1"}}, {"limits": {"cpu": "1"}}, {},
        ]),
        change!(Cluster "/autoscalerOptions/env" = [
            [{"name": ""}], [{"name": "A", "valueFrom": {}}], [{"name": "A", "value": "b"}],
            [{"name": "a=b", "value": "c"}],
            [{"name": "RAY_CLUSTER_NAME", "value": "x"}], [{"name": "A", "value": "v",
            "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        ]),
        change!(Cluster "/autoscalerOptions/envFrom" = [[{}], [{"secretRef": {"name": "a"}}],
        [{"secretRef": {"name": "A_b"}}], [{"configMapRef": {"name": ""}}]]),
        change!(Cluster "/autoscalerOptions/volumeMounts" = [
            [{"name": "nobody", "mountPath": "/x"}], [{"name": "logs", "mountPath": ""}],
            [{"name": "logs", "mountPath": "/x"}], [{"name": "logs", "mountPath": "/tmp/ray"}],
            [{"name": "logs", "mountPath": "/x"}, {"name": "config", "mountPath": "/x"}],
            [{"name": "ray-logs", "mountPath": "/y"}], [{"name": "logs", "mountPath": "/x", "subPath": "../a"}],
        ]),
        change!(Cluster "/autoscalerOptions/securityContext" = [
            {"runAsUser": -1}, {"runAsUser": 0}, {"privileged": true, "allowPrivilegeEscalation": false},
            {"seccompProfile": {"type": "Localhost"}}, {"seccompProfile": {"type": "RuntimeDefault"}},
        ]),
        change!(Cluster "/autoscalerOptions/image" = ["", " a", "a", "a ", null]),
        change!(Pod "/overhead" = [
            {"cpu": "1"}, {"cpu": "-1"}, {"foo": "1"}, {"nvidia.com/gpu": "500m"}, {}, {"memory": "1Gi"},
            {"a b": "1"}, {"hugepages-2Mi": "1"}, {"cpu": "0"},
        ]),
        change!(Pod "/overhead" = [{"cpu": "1"}, {"cpu": "-1"}], Pod "/runtimeClassName" = ["gvisor", "Bad_Name", ""]),
        change!(Pod "/resources" = [
            {"limits": {"cpu": "8", "memory": "16Gi"}}, {"limits": {"cpu": "1"}}, {"requests": {"cpu": "1"}},
            {"limits": {"foo": "1"}}, {"limits": {"nvidia.com/gpu": "1"}},
            {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}, {"claims": [{"name": "a"}]}, {},
            {"limits": {"cpu": "-1"}}, {"limits": {"ephemeral-storage": "1Gi"}},
        ]),
        change!(Pod "/resourceClaims" = [
            [], [{"name": "a"}], [{"name": "a", "resourceClaimName": "b"}],
            [{"name": "a", "resourceClaimTemplateName": "b"}], [{"name": "", "resourceClaimName": "b"}],
            [{"name": "a", "resourceClaimName": "b", "resourceClaimTemplateName": "c"}],
            [{"name": "A_b", "resourceClaimName": "b"}], [{"name": "a", "resourceClaimName": "B_c"}],
            [{"name": "a", "resourceClaimTemplateName": "B_c"}], [{"name": "a", "resourceClaimName": ""}],
            [{"name": "a", "resourceClaimTemplateName": ""}],
        ]),
        change!(
            Pod "/resourceClaims" = [[{"name": "a", "resourceClaimName": "b"}],
            [{"name": "c", "resourceClaimTemplateName": "d"}], []],
            Container "/resources" = [{"claims": [{"name": "a"}]}, {"claims": [{"name": "c"}]},
            {"claims": [{"name": "a", "request": "x"}]}, {"claims": [{"name": "a", "request": "X_y"}]}],
        ),
    ]
}

/// Returns a limit and a request of one resource.
fn pair(name: &Value, limit: &Value, request: &Value) -> Value {
    let name = name.as_str().unwrap_or_default();
    json!({"limits": {name: limit}, "requests": {name: request}})
}
