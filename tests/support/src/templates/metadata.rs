//! Labels, annotations and names: of templates, of groups, and of the object, from which KubeRay makes those of Pods.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::{keys, label_values, names};

pub(super) fn changes() -> Vec<Change> {
    let reserved: Vec<Value> = list(json!([
        "ray.io/node-type",
        "ray.io/group",
        "ray.io/cluster",
        "ray.io/is-ray-node",
        "ray.io/identifier",
        "app.kubernetes.io/name",
        "app.kubernetes.io/created-by",
        "ray.io/serve",
    ]));
    let mut labels = each(&json!({"?": "v"}), &keys());
    labels.extend(each(&json!({"k": "?"}), &label_values()));
    labels.extend(each(&json!({"?": "not a label"}), &reserved));
    labels.extend(each(&json!({"?": "v"}), &reserved));
    labels.extend(list(json!([{}, {"a": "b", "c d": "e f"}])));
    let mut annotations = each(&json!({"?": "any value\n"}), &keys());
    annotations.extend(list(json!([
        {}, {"a": "x".repeat(200_000)}, {"a": "x".repeat(263_000)}, {"kubernetes.io/config.mirror": "x"},
        {"scheduler.alpha.kubernetes.io/tolerations": "x"},
        {"scheduler.alpha.kubernetes.io/tolerations": "[]"},
        {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"},
        {"seccomp.security.alpha.kubernetes.io/pod": "bad"},
        {"seccomp.security.alpha.kubernetes.io/pod": "localhost/../a"},
        {"container.seccomp.security.alpha.kubernetes.io/ray-head": "unconfined"},
        {"container.seccomp.security.alpha.kubernetes.io/logger": "bad"},
        {"container.apparmor.security.beta.kubernetes.io/logger": "runtime/default"},
        {"container.apparmor.security.beta.kubernetes.io/logger": "localhost/a"},
        {"container.apparmor.security.beta.kubernetes.io/logger": "bad"},
        {"container.apparmor.security.beta.kubernetes.io/nobody": "unconfined"},
        {"container.apparmor.security.beta.kubernetes.io/logger": ""},
        {"controller.kubernetes.io/pod-deletion-cost": "5"}, {"controller.kubernetes.io/pod-deletion-cost": "x"},
        {"controller.kubernetes.io/pod-deletion-cost": "1.5"},
        {"controller.kubernetes.io/pod-deletion-cost": "+5"}, {"controller.kubernetes.io/pod-deletion-cost": "007"},
        {"controller.kubernetes.io/pod-deletion-cost": "2147483648"},
        {"cluster-autoscaler.kubernetes.io/safe-to-evict": "x"}, {"ray.io/overwrite-container-cmd": "true"},
        {"scheduler.alpha.kubernetes.io/preferAvoidPods": "x"},
    ])));
    let mut finalizers = each(&json!(["?"]), &keys());
    finalizers.extend(list(json!([
        [],
        ["foregroundDeletion"],
        ["orphan"],
        ["kubernetes"],
        ["a"],
        ["a.b/c", "a.b/c"],
        ["orphan", "foregroundDeletion"]
    ])));
    let groups = list(json!([
        "gpu",
        "gpu_1",
        "GPU",
        "gpu.1",
        "-gpu",
        "gpu-",
        "a b",
        "a/b",
        "1",
        "g".repeat(63),
        "g".repeat(64),
        "g".repeat(40),
        "a.",
        "_",
        "ä",
        "a..b",
        "a--b",
        "Gpu.",
        "a.-b",
    ]));
    vec![
        change!(Template "/metadata/labels" = labels.clone()),
        change!(Template "/metadata/annotations" = annotations),
        change!(Template "/metadata/finalizers" = finalizers),
        change!(Template "/metadata/name" = names()),
        change!(Template "/metadata/namespace" = ["other", "Bad Name", ""]),
        change!(Group "/groupName" = groups),
        change!(Group "/labels" = labels.clone()),
        change!(Head "/labels" = labels),
        change!(
            Template "/metadata/annotations" = [
                {"container.apparmor.security.beta.kubernetes.io/logger": "localhost/a"},
                {"container.apparmor.security.beta.kubernetes.io/logger": "unconfined"},
                {"container.seccomp.security.alpha.kubernetes.io/logger": "unconfined"},
                {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"},
            ],
            Template "/spec/containers/1/securityContext" = [
                {"appArmorProfile": {"type": "Unconfined"}}, {"appArmorProfile": {"type": "Localhost",
                "localhostProfile": "a"}}, {"appArmorProfile": {"type": "RuntimeDefault"}},
                {"seccompProfile": {"type": "Unconfined"}}, {"seccompProfile": {"type": "RuntimeDefault"}},
            ],
        ),
        change!(Object "/metadata/name" = [
            "a", "a-b", "1a", "a.b", "A", "a".repeat(40), "a".repeat(41), "a".repeat(45), "a".repeat(47),
            "a".repeat(48), "a".repeat(50), "a".repeat(51), "a".repeat(53), "a".repeat(54),
        ]),
        change!(Object "/metadata/annotations" = [{"ray.io/overwrite-container-cmd": "true"},
        {"ray.io/enable-serve-service": "true"}, {"a": "b"}]),
        change!(Cluster "/headServiceAnnotations" = [{}, {"a": "b"}, {"a b": "c"}, {"A.b/c": "d"}, {"": "x"},
        {"a": "x".repeat(263_000)}]),
        change!(Group "/numOfHosts" = [1, 2, 4]),
        change!(Cluster "/authOptions" = [
            {"mode": "token"}, {"mode": "disabled"}, {"mode": "token", "secretName": "a"},
            {"mode": "token", "secretName": "A_b"}, {"mode": "token", "secretName": ""},
        ]),
    ]
}
