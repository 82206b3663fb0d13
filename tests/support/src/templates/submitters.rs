//! The Job that submits a RayJob.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::{keys, label_values};

pub(super) fn changes() -> Vec<Change> {
    let container = json!([{"name": "submitter", "image": "rayproject/ray:2.55.0"}]);
    let policies = list(json!(["Never", "OnFailure", "Always", "", null, "never", "onFailure"]));
    let mut templates = each(&json!({"spec": {"restartPolicy": "?", "containers": container}}), &policies);
    templates.push(json!({"spec": {"containers": container}}));
    let mut labels = each(&json!({"?": "v"}), &keys());
    labels.extend(each(&json!({"k": "?"}), &label_values()));
    labels.extend(list(json!([
        {"job-name": "other"}, {"batch.kubernetes.io/job-name": "other"}, {"controller-uid": "x"},
        {"batch.kubernetes.io/controller-uid": "x"}, {"job-name": ""}, {"controller-uid": ""},
    ])));
    let spec = |fields: Value| {
        let mut spec = json!({"restartPolicy": "Never", "containers": container});
        fields.as_object().expect("a map").iter().for_each(|(name, value)| spec[name] = value.clone());
        spec
    };
    let specs: Vec<Value> = list(json!([
        {}, {"containers": [{"name": "submitter"}]}, {"containers": [{"name": "submitter", "image": ""}]},
        {"containers": [{"name": "Bad", "image": "a"}]}, {"containers": [{"name": "", "image": "a"}]},
        {"containers": [{"name": "a", "image": "a"}, {"name": "b"}]},
        {"containers": [{"name": "a", "image": "a", "resources": {"limits": {"cpu": 1}, "requests": {"cpu": 2}}}]},
        {"activeDeadlineSeconds": 0},
        {"containers": [{"name": "a", "image": "a", "ports": [{"containerPort": 99999}]}]},
        {"containers": [{"name": "a", "image": "a", "env": [{"name": ""}]}]},
        {"containers": [{"name": "a", "image": "a", "command": []}]},
        {"initContainers": [{"name": "a", "image": "a", "restartPolicy": "Always"}]},
        {"ephemeralContainers": [{"name": "a", "image": "a"}]}, {"schedulingGates": [{"name": "a"}]},
        {"hostNetwork": true},
    ]))
    .into_iter()
    .map(spec)
    .collect();
    vec![
        change!(Job "/submitterPodTemplate" = templates),
        change!(Job "/submitterPodTemplate/spec" = specs),
        change!(Submitter "/spec/restartPolicy" = policies),
        change!(Submitter "/metadata/labels" = labels),
        change!(Submitter "/metadata" = [{"name": "Bad_Name"}, {"namespace": "other"}, {"finalizers": ["a"]},
        {"annotations": {"a b": "c"}}, {}]),
        change!(Job "/submitterConfig" = [{"backoffLimit": -1}, {"backoffLimit": 0}, {"backoffLimit": 3},
        {"backoffLimit": i32::MAX}, {}]),
        change!(Job "/submissionMode" = ["K8sJobMode", "HTTPMode", "SidecarMode"]),
        change!(Job "/submissionMode" = ["SidecarMode"],
        Job "/rayClusterSpec/headGroupSpec/template/spec/containers/1/name" = ["ray-job-submitter", "submitter"],
        Job "/submitterPodTemplate" = [null]),
    ]
}
