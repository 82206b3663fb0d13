//! An administrator's Pod template under the user's.

use serde_json::{Value, json};

use super::{cluster, mutate, policy, ray};

/// The worker's Pod template after the administrator's was merged under it.
fn merged(defaults: Value, users: Value) -> Value {
    let policy = policy(json!({"defaults": {"workerReconnectTimeout": "off", "podTemplate": {"worker": defaults}}}));
    let mut object = cluster(ray("h"), ray("w"));
    object["spec"]["workerGroupSpecs"][0]["template"] = users;
    let (patched, patch) = mutate(&policy, &object, None);
    let (again, second) = mutate(&policy, &patched, None);
    assert_eq!(again, patched);
    assert_eq!(second, json!([]), "once applied, nothing is left to do after {patch}");
    patched["spec"]["workerGroupSpecs"][0]["template"].clone()
}

/// The first container after a merge into it.
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
fn lists_without_a_merge_key_are_one_or_the_other() {
    let toleration = |key: &str| json!([{"key": key, "operator": "Exists"}]);
    let defaults = json!({"spec": {"tolerations": toleration("admin")}});
    let users = json!({"spec": {"containers": [ray("w")], "tolerations": toleration("user")}});
    assert_eq!(merged(defaults.clone(), users.clone()), users);
    let none = json!({"spec": {"containers": [ray("w")]}});
    assert_eq!(merged(defaults, none)["spec"]["tolerations"], toleration("admin"));
}

#[test]
fn of_what_excludes_each_other_the_users_stays_alone() {
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
fn a_mount_of_another_volume_at_the_users_path_is_no_business_of_the_default() {
    let users = json!({"name": "w", "volumeMounts": [{"mountPath": "/a", "name": "user"}]});
    let defaults = json!({"name": "w", "volumeMounts": [{"mountPath": "/a", "name": "admin", "subPath": "x"}]});
    assert_eq!(container(defaults, users.clone()), users);
}

#[test]
fn a_request_or_a_limit_stands_alone_where_the_user_wrote_one() {
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
fn a_sidecar_comes_after_the_ray_container_and_a_fragment_of_one_does_not_come_at_all() {
    let sidecar = json!({"name": "logs", "image": "fluent-bit"});
    let defaults = json!({"spec": {"containers": [{"name": "absent", "env": [{"name": "A", "value": "b"}]}, sidecar],
        "initContainers": [{"name": "fragment"}]}});
    let users = json!({"spec": {"containers": [ray("w")]}});
    assert_eq!(merged(defaults, users), json!({"spec": {"containers": [ray("w"), sidecar]}}));
}

#[test]
fn a_template_without_containers_is_left_to_the_api_server() {
    let defaults = json!({"spec": {"containers": [{"name": "logs", "image": "fluent-bit"}]}});
    for users in [json!({}), json!({"spec": {}}), json!({"spec": {"containers": []}}), json!(null), json!("text")] {
        assert_eq!(merged(defaults.clone(), users.clone()), users);
    }
}

#[test]
fn a_head_that_the_template_makes_patient_has_workers_that_are_more_so() {
    let patient = json!({"spec": {"containers": [{"name": "h", "env": [{"name": super::TIMEOUT, "value": "1200"}]}]}});
    let policy = policy(json!({"defaults": {"podTemplate": {"head": patient}}}));
    let (patched, _) = mutate(&policy, &cluster(ray("h"), ray("w")), None);
    assert_eq!(super::worker_env(&patched), &json!([{"name": super::TIMEOUT, "value": "1740"}]));
}
