//! How an administrator's Pod template is merged into the user's.

use serde_json::{Value, json};

use super::{cluster, mutate, policy, ray};

/// Returns the worker's Pod template after the administrator's template was merged into it.
fn merged(defaults: Value, users: Value) -> Value {
    let policy = policy(json!({"defaults": {"workerReconnectTimeout": "off", "podTemplate": {"worker": defaults}}}));
    let mut object = cluster(ray("h"), ray("w"));
    object["spec"]["workerGroupSpecs"][0]["template"] = users;
    let (patched, patch) = mutate(&policy, &object, None);
    let (again, second) = mutate(&policy, &patched, None);
    assert_eq!(again, patched);
    assert_eq!(second, json!([]), "a second call adds nothing after {patch}");
    patched["spec"]["workerGroupSpecs"][0]["template"].clone()
}

/// Returns the first container after the merge.
fn container(defaults: Value, users: Value) -> Value {
    let of = |container| json!({"spec": {"containers": [container]}});
    merged(of(defaults), of(users))["spec"]["containers"][0].clone()
}

#[test]
fn maps_are_merged_and_the_users_value_wins() {
    let defaults = json!({"metadata": {"labels": {"team": "ml", "a/b": "admin"}}, "spec": {"priorityClassName": "batch",
        "securityContext": {"runAsNonRoot": true, "fsGroup": 1}}});
    let users = json!({"metadata": {"labels": {"a/b": "user"}}, "spec": {"containers": [ray("w")],
        "securityContext": {"fsGroup": 2}}});
    assert_eq!(
        merged(defaults, users),
        json!({"metadata": {"labels": {"a/b": "user", "team": "ml"}}, "spec": {"containers": [ray("w")],
            "priorityClassName": "batch", "securityContext": {"fsGroup": 2, "runAsNonRoot": true}}})
    );
}

#[test]
fn lists_with_a_merge_key_are_merged_item_by_item() {
    let defaults = json!({"name": "w", "env": [{"name": "A", "value": "admin"}, {"name": "B", "value": "admin"}],
        "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "more"}],
        "volumeMounts": [{"mountPath": "/a", "readOnly": true}, {"mountPath": "/b", "name": "b"}]});
    let users = json!({"name": "w", "env": [{"name": "A", "value": "user"}], "ports": [{"containerPort": 80}],
        "volumeMounts": [{"mountPath": "/a", "name": "a"}]});
    assert_eq!(
        container(defaults, users),
        json!({"name": "w", "env": [{"name": "A", "value": "user"}, {"name": "B", "value": "admin"}],
            "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "more"}],
            "volumeMounts": [{"mountPath": "/a", "name": "a", "readOnly": true}, {"mountPath": "/b", "name": "b"}]})
    );
}

#[test]
fn a_list_without_a_merge_key_is_replaced_by_the_users_list() {
    let toleration = |key: &str| json!([{"key": key, "operator": "Exists"}]);
    let defaults = json!({"spec": {"tolerations": toleration("admin")}});
    let users = json!({"spec": {"containers": [ray("w")], "tolerations": toleration("user")}});
    assert_eq!(merged(defaults.clone(), users.clone()), users);
    let none = json!({"spec": {"containers": [ray("w")]}});
    assert_eq!(merged(defaults, none)["spec"]["tolerations"], toleration("admin"));
}

#[test]
fn a_user_field_drops_the_mutually_exclusive_default() {
    let secret = json!({"secretKeyRef": {"name": "s", "key": "k"}});
    let defaults = json!({"name": "w", "env": [{"name": "A", "valueFrom": secret}],
        "livenessProbe": {"httpGet": {"port": 1}, "periodSeconds": 9}, "lifecycle": {"preStop": {"sleep": {"seconds": 5}}}});
    let users = json!({"name": "w", "env": [{"name": "A", "value": "user"}], "livenessProbe": {"exec": {"command": ["x"]}},
        "lifecycle": {"preStop": {"exec": {"command": ["x"]}}}});
    assert_eq!(
        container(defaults, users),
        json!({"name": "w", "env": [{"name": "A", "value": "user"}], "lifecycle": {"preStop": {"exec": {"command": ["x"]}}},
            "livenessProbe": {"exec": {"command": ["x"]}, "periodSeconds": 9}})
    );
    let volumes = |source: Value| json!({"spec": {"containers": [ray("w")], "volumes": [source]}});
    let users = volumes(json!({"name": "v", "emptyDir": {}}));
    assert_eq!(merged(volumes(json!({"name": "v", "hostPath": {"path": "/"}})), users.clone()), users);
}

#[test]
fn a_default_mount_of_another_volume_at_the_users_path_is_dropped() {
    let users = json!({"name": "w", "volumeMounts": [{"mountPath": "/a", "name": "user"}]});
    let defaults = json!({"name": "w", "volumeMounts": [{"mountPath": "/a", "name": "admin", "subPath": "x"}]});
    assert_eq!(container(defaults, users.clone()), users);
}

#[test]
fn a_default_request_or_limit_is_dropped_if_the_user_sets_either() {
    let defaults = json!({"name": "w", "resources": {"limits": {"cpu": "1", "memory": "4Gi"}, "requests": {"cpu": "1", "memory": "4Gi"}}});
    let users = json!({"name": "w", "resources": {"limits": {"memory": "2Gi"}, "requests": {"cpu": "8"}}});
    assert_eq!(container(defaults.clone(), users.clone()), users);
    let limits_only = json!({"name": "w", "resources": {"limits": {"memory": "2Gi"}}});
    assert_eq!(
        container(defaults.clone(), limits_only)["resources"],
        json!({"limits": {"memory": "2Gi", "cpu": "1"}, "requests": {"cpu": "1"}})
    );
    let nothing = json!({"name": "w"});
    assert_eq!(container(defaults.clone(), nothing)["resources"], defaults["resources"]);
}

#[test]
fn a_complete_sidecar_is_appended_and_a_partial_container_is_not() {
    let sidecar = json!({"name": "logs", "image": "fluent-bit"});
    let defaults = json!({"spec": {"containers": [{"name": "absent", "env": [{"name": "A", "value": "b"}]}, sidecar],
        "initContainers": [{"name": "fragment"}]}});
    let users = json!({"spec": {"containers": [ray("w")]}});
    assert_eq!(merged(defaults, users), json!({"spec": {"containers": [ray("w"), sidecar]}}));
}

#[test]
fn a_template_without_containers_is_not_changed() {
    let defaults = json!({"spec": {"containers": [{"name": "logs", "image": "fluent-bit"}]}});
    for users in [json!({}), json!({"spec": {}}), json!({"spec": {"containers": []}}), json!(null), json!("text")] {
        assert_eq!(merged(defaults.clone(), users.clone()), users);
    }
}

#[test]
fn a_head_timeout_from_the_template_raises_the_worker_timeout() {
    let long_timeout =
        json!({"spec": {"containers": [{"name": "h", "env": [{"name": super::TIMEOUT, "value": "1200"}]}]}});
    let policy = policy(json!({"defaults": {"podTemplate": {"head": long_timeout}}}));
    let (patched, _) = mutate(&policy, &cluster(ray("h"), ray("w")), None);
    assert_eq!(super::worker_env(&patched), &json!([{"name": super::TIMEOUT, "value": "1740"}]));
}
