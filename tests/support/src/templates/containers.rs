//! Names, images, ports and policies of containers.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::names;

/// Returns containers that differ in the names and values of a field from a correct one.
fn containers(more: &Value) -> Vec<Value> {
    let with = |fields: &Value| {
        let mut container = json!({"name": "extra", "image": "busybox:1.36"});
        for (name, value) in fields.as_object().expect("a map") {
            container[name] = value.clone();
        }
        container
    };
    more.as_array().expect("a list").iter().map(with).collect()
}

pub(super) fn changes() -> Vec<Change> {
    let ports = list(json!([
        {"containerPort": 0}, {"containerPort": -1}, {"containerPort": 65536}, {"containerPort": 1},
        {"containerPort": 65535}, {"containerPort": 9999},
        {"containerPort": 9999, "hostPort": -1}, {"containerPort": 9999, "hostPort": 65536},
        {"containerPort": 9999, "hostPort": 0},
        {"containerPort": 9999, "hostPort": 9999}, {"containerPort": 9999, "hostPort": 9998},
        {"containerPort": 9999, "protocol": "UDP"},
        {"containerPort": 9999, "protocol": "SCTP"}, {"containerPort": 9999, "protocol": "tcp"},
        {"containerPort": 9999, "protocol": "HTTP"},
        {"containerPort": 9999, "protocol": ""}, {"containerPort": 9999, "hostIP": "bad"},
        {"containerPort": 9999, "hostIP": "10.0.0.1", "hostPort": 9999},
        {"containerPort": 6379, "name": "gcs-server", "protocol": "UDP"}, {"containerPort": 9999, "name": "serve"},
        {"containerPort": 9999, "name": "metrics"},
        {"containerPort": 8080, "name": "metrics"}, {"containerPort": 8080}, {"containerPort": 8080, "name": "web"},
        {"containerPort": 9998, "name": "dashboard"},
        {"containerPort": 9999, "name": "serve-grpc"},
    ]));
    let images =
        list(json!(["", " ", " img", "img ", "img", "IMG:Bad", "a b", "img@sha256:x", "\timg", "https://x/y", ":"]));
    let extras = containers(&json!([
        {}, {"name": "extra", "image": null}, {"image": ""}, {"imagePullPolicy": "always"},
        {"imagePullPolicy": "Always"}, {"imagePullPolicy": ""}, {"imagePullPolicy": "Never"},
        {"imagePullPolicy": "IfNotPresent "}, {"terminationMessagePolicy": "file"},
        {"terminationMessagePolicy": "File"}, {"terminationMessagePolicy": "FallbackToLogsOnError"},
        {"terminationMessagePolicy": ""}, {"terminationMessagePath": "relative"}, {"restartPolicy": "Always"},
        {"restartPolicy": "Never"}, {"restartPolicy": "OnFailure"},
        {"restartPolicy": "always"}, {"workingDir": "relative"}, {"stdinOnce": true}, {"tty": true}, {"command": []},
        {"command": [""]}, {"args": ["$(X"]},
        {"ports": [{"containerPort": 7000, "hostPort": 7000}, {"containerPort": 7001, "hostPort": 7000}]},
        {"ports": [{"containerPort": 7000, "name": "x"}, {"containerPort": 7001, "name": "x"}]},
        {"ports": [{"containerPort": 7000, "name": "x"}, {"containerPort": 7000, "name": "y", "protocol": "UDP"}]},
        {"ports": [{"containerPort": 9999, "name": "Bad_Name"}]}, {"restartPolicyRules": []},
        {"restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]},
        {"restartPolicy": "Never", "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In",
        "values": [1]}}]},
        {"restartPolicy": "Never", "restartPolicyRules": [{"action": "Stop", "exitCodes": {"operator": "Is",
        "values": []}}]},
        {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]}, {"name": "autoscaler"},
        {"name": "ray-job-submitter"}, {"name": "wait-gcs-ready"},
        {"name": "prepare"}, {"name": "ray-head"}, {"name": "ray-worker"},
    ]));
    let own_names: Vec<Value> = ["wait-gcs-ready", "autoscaler", "ray-job-submitter"]
        .into_iter()
        .cycle()
        .take(30)
        .map(|name| json!({"name": name, "image": "busybox:1.36"}))
        .collect();
    vec![
        change!(Container "/name" = names()),
        change!(Container "/image" = images),
        change!(Container "/ports/-" = ports),
        change!(Container "/ports/-" = each(&json!({"containerPort": 9999, "name": "?"}), &names())),
        change!(Container "/imagePullPolicy" = ["Always", "IfNotPresent", "Never", "always", "", "ifnotpresent"]),
        change!(Container "/terminationMessagePolicy" = ["file", "File", "", "FallbackToLogsOnError", "Logs"]),
        change!(Container "/restartPolicy" = ["Always", "Never", "OnFailure", "always", "", "Sometimes"]),
        change!(Container "/resizePolicy" = [
            [], [{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
            [{"resourceName": "memory", "restartPolicy": "RestartContainer"}],
            [{"resourceName": "gpu", "restartPolicy": "NotRequired"}],
            [{"resourceName": "cpu", "restartPolicy": "Never"}], [{"resourceName": "", "restartPolicy": ""}],
            [{"resourceName": "cpu", "restartPolicy": "NotRequired"},
            {"resourceName": "cpu", "restartPolicy": "NotRequired"}],
            [{"resourceName": "nvidia.com/gpu", "restartPolicy": "NotRequired"}],
            [{"resourceName": "ephemeral-storage", "restartPolicy": "NotRequired"}],
        ]),
        change!(
            Container "/resizePolicy" = [[{"resourceName": "cpu", "restartPolicy": "RestartContainer"}],
            [{"resourceName": "memory", "restartPolicy": "NotRequired"}]],
            Pod "/restartPolicy" = ["Never", "Always", "OnFailure"],
        ),
        // Names of containers that KubeRay adds. Many values, because only some Pods get each.
        change!(Pod "/containers/-" = own_names.clone()),
        change!(Pod "/initContainers/-" = own_names),
        change!(Pod "/containers/-" = extras.clone()),
        change!(Pod "/initContainers/-" = extras),
        change!(Pod "/initContainers/-" = containers(&json!([
            {"restartPolicy": "Always", "livenessProbe": {"exec": {"command": ["true"]}}},
            {"livenessProbe": {"exec": {"command": ["true"]}}},
            {"readinessProbe": {"exec": {"command": ["true"]}}}, {"startupProbe": {"exec": {"command": ["true"]}}},
            {"lifecycle": {"preStop": {"exec": {"command": ["true"]}}}},
            {"restartPolicy": "Always", "lifecycle": {"preStop": {"exec": {"command": ["true"]}}}},
            {"restartPolicy": "Always", "readinessProbe": {"exec": {"command": []}}},
            {"restartPolicy": "Always", "startupProbe": {"exec": {"command": ["true"]}, "successThreshold": 2}},
            {"restartPolicy": "Always", "readinessProbe": {"exec": {"command": ["true"]},
            "terminationGracePeriodSeconds": 4}},
            {"restartPolicy": "Always", "livenessProbe": {"exec": {"command": ["true"]}, "successThreshold": 2}},
            {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}], "restartPolicy": "Always"},
            {"lifecycle": {}}, {"restartPolicy": "Always", "lifecycle": {"postStart": {}}},
            {"restartPolicy": "Always", "restartPolicyRules": []},
            {"restartPolicy": "Always", "lifecycle": {"stopSignal": "SIGTERM"}},
            {"resizePolicy": [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]},
        ]))),
        change!(Pod "/ephemeralContainers" = [[], [{"name": "debug", "image": "busybox"}],
        [{"name": "", "image": ""}]]),
        change!(Pod "/hostNetwork" = [true, false], Container "/ports/-" = [
            {"containerPort": 9999}, {"containerPort": 9999, "hostPort": 9999},
            {"containerPort": 9999, "hostPort": 9998}, {"containerPort": 6379, "hostPort": 6379, "protocol": "UDP"},
        ]),
        change!(Container "/restartPolicyRules" = [
            [], [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}], [{"action": "Restart"}],
            [{"action": "Terminate", "exitCodes": {"operator": "NotIn", "values": [1, 2]}}],
            [{"action": "Restart", "exitCodes": {"operator": "Any"}}],
        ], Container "/restartPolicy" = ["Never", "Always", "OnFailure", null]),
    ]
}
