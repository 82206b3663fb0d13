//! Updates: applying a manifest again changes nothing, even if the policy has changed.

use rayguard_policy::policy::Policy;
use serde_json::{Value, json};

use super::{TIMEOUT, cluster, group, mutate, policy, ray, ray_with_timeout, worker_env};

fn with_env(var: &str, value: &str) -> Policy {
    let template = |name: &str| {
        json!({"spec": {"containers": [{"name": name, "env": [{"name": var, "value": value}]}],
        "tolerations": [{"key": value, "operator": "Exists"}]}})
    };
    policy(json!({"defaults": {"podTemplate": {"head": template("h"), "worker": template("w")}}}))
}

/// Returns policies that differ in all their defaults.
fn policies() -> Vec<Policy> {
    vec![
        Policy::default(),
        policy(json!({"defaults": {"workerReconnectTimeout": "off"}})),
        policy(json!({"defaults": {"workerReconnectTimeout": "repair", "headNumCpus": "zero"}})),
        with_env("FOO", "1"),
        with_env("FOO", "2"),
        with_env("BAR", "1"),
    ]
}

/// Returns manifests as users write them.
fn manifests() -> Vec<Value> {
    let mut with_env = ray("w");
    with_env["env"] = json!([{"name": "USERS", "value": "1"}, {"name": "FOO", "value": "users"}]);
    vec![
        cluster(ray("h"), ray("w")),
        cluster(ray_with_timeout("h", "1200"), with_env.clone()),
        cluster(ray("h"), ray_with_timeout("w", "900")),
        json!({"apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "s", "annotations": {"a": "b"}},
               "spec": {"rayClusterConfig": cluster(ray("h"), with_env)["spec"]}}),
    ]
}

#[test]
fn reapplying_a_manifest_changes_nothing_under_any_policy() {
    for manifest in manifests() {
        for at_creation in policies() {
            let (mut stored, _) = mutate(&at_creation, &manifest, None);
            let created = stored.clone();
            for (round, now) in policies().iter().cycle().take(11).enumerate() {
                // Both forms of kubectl apply send the manifest without its defaults; the client-side form keeps
                // annotations that it never wrote.
                let mut applied = manifest.clone();
                if round % 2 == 0
                    && let Some(annotations) = stored["metadata"].get("annotations")
                {
                    applied["metadata"]["annotations"] = annotations.clone();
                }
                (stored, _) = mutate(now, &applied, Some(&stored));
                assert_eq!(stored["spec"], created["spec"], "round {round}");
            }
            assert_eq!(stored["metadata"], created["metadata"]);
        }
    }
}

#[test]
fn an_object_created_before_the_webhook_is_not_changed() {
    for manifest in manifests() {
        for policy in policies() {
            assert_eq!(mutate(&policy, &manifest, Some(&manifest)), (manifest.clone(), json!([])));
            let mut scaled = manifest.clone();
            let spec = if manifest["kind"] == "RayService" {
                &mut scaled["spec"]["rayClusterConfig"]
            } else {
                &mut scaled["spec"]
            };
            spec["workerGroupSpecs"][0]["replicas"] = json!(7);
            assert_eq!(mutate(&policy, &scaled, Some(&manifest)).0, scaled);
        }
    }
}

#[test]
fn a_sidecar_that_a_later_webhook_injects_again_is_no_change() {
    let sidecar = json!({"name": "log-shipper", "image": "x"});
    for manifest in manifests().into_iter().filter(|manifest| manifest["kind"] == "RayCluster") {
        for at_creation in policies() {
            let (mut stored, _) = mutate(&at_creation, &manifest, None);
            for group in ["/headGroupSpec", "/workerGroupSpecs/0"] {
                let path = format!("/spec{group}/template/spec/containers");
                stored.pointer_mut(&path).and_then(Value::as_array_mut).expect("a list").push(sidecar.clone());
            }
            for now in policies() {
                // The manifest has no sidecar; the other webhook injects it after rayguard.
                let mut applied = manifest.clone();
                applied["metadata"]["annotations"] = stored["metadata"]["annotations"].clone();
                let (mut patched, _) = mutate(&now, &applied, Some(&stored));
                for group in ["/headGroupSpec", "/workerGroupSpecs/0"] {
                    let path = format!("/spec{group}/template/spec/containers");
                    patched.pointer_mut(&path).and_then(Value::as_array_mut).expect("a list").push(sidecar.clone());
                }
                assert_eq!(patched["spec"], stored["spec"]);
            }
        }
    }
}

#[test]
fn a_lost_record_of_defaults_is_inferred_from_the_stored_value() {
    let manifest = cluster(ray("h"), ray("w"));
    let stored = cluster(ray("h"), ray_with_timeout("w", "600"));
    let (patched, _) = mutate(&with_env("FOO", "1"), &manifest, Some(&stored));
    assert_eq!(patched["spec"], stored["spec"]);
}

#[test]
fn a_changed_group_gets_the_current_defaults() {
    let manifest = cluster(ray("h"), ray("w"));
    let (stored, _) = mutate(&with_env("FOO", "1"), &manifest, None);
    let mut changed = manifest;
    changed["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["image"] = json!("other");
    let (patched, _) = mutate(&with_env("FOO", "2"), &changed, Some(&stored));
    let foo = json!({"name": "FOO", "value": "2"});
    assert!(worker_env(&patched).as_array().expect("a list").contains(&foo));
    assert_eq!(patched["spec"]["headGroupSpec"], stored["spec"]["headGroupSpec"], "the head was not changed");
}

#[test]
fn a_new_group_gets_the_current_defaults_and_old_groups_keep_theirs() {
    let manifest = cluster(ray("h"), ray("w"));
    let (stored, _) = mutate(&with_env("FOO", "1"), &manifest, None);
    let mut grown = manifest;
    let groups = grown["spec"]["workerGroupSpecs"].as_array_mut().expect("a list");
    groups.insert(0, group("new", ray("w")));
    let (patched, _) = mutate(&with_env("FOO", "2"), &grown, Some(&stored));
    assert_eq!(patched["spec"]["workerGroupSpecs"][1], stored["spec"]["workerGroupSpecs"][0]);
    let foo = json!({"name": "FOO", "value": "2"});
    assert!(worker_env(&patched).as_array().expect("a list").contains(&foo), "{patched}");
    // Later updates change neither group.
    let (again, _) = mutate(&Policy::default(), &grown, Some(&patched));
    assert_eq!(again, patched);
}

#[test]
fn a_longer_head_timeout_raises_only_the_worker_timeout() {
    let manifest = cluster(ray("h"), ray("w"));
    let (stored, _) = mutate(&with_env("FOO", "1"), &manifest, None);
    let raised = cluster(ray_with_timeout("h", "1200"), ray("w"));
    let (patched, _) = mutate(&with_env("FOO", "2"), &raised, Some(&stored));
    let env = worker_env(&patched);
    assert_eq!(env, &json!([{"name": "FOO", "value": "1"}, {"name": TIMEOUT, "value": "1740"}]));
}

#[test]
fn a_default_that_the_user_sets_becomes_the_users_value() {
    let manifest = cluster(ray("h"), ray("w"));
    let (stored, _) = mutate(&Policy::default(), &manifest, None);
    let own = cluster(ray("h"), ray_with_timeout("w", "900"));
    let (patched, _) = mutate(&Policy::default(), &own, Some(&stored));
    assert_eq!(worker_env(&patched), &json!([{"name": TIMEOUT, "value": "900"}]));
    // Once the user removes it again, the current default applies.
    let off = policy(json!({"defaults": {"workerReconnectTimeout": "off"}}));
    let (patched, _) = mutate(&off, &manifest, Some(&patched));
    assert_eq!(worker_env(&patched), &Value::Null);
}

#[test]
fn an_invalid_record_annotation_is_ignored() {
    let manifest = cluster(ray("h"), ray("w"));
    for record in
        ["", "nonsense", "{}", "[1,2]", "[\"/spec\"]", "[\"/spec/workerGroupSpecs/small/template\"]", "[\"//~\"]"]
    {
        let mut stored = manifest.clone();
        stored["metadata"]["annotations"] = json!({"rayguard.dev/defaulted": record});
        let (patched, _) = mutate(&Policy::default(), &manifest, Some(&stored));
        assert_eq!(patched["spec"], manifest["spec"], "{record}");
    }
}

#[test]
fn a_second_call_keeps_the_record_of_two_groups_with_one_name() {
    let mut nameless = ray("w");
    nameless.as_object_mut().expect("a map").remove("name");
    let mut twins = cluster(ray("h"), ray("w"));
    twins["spec"]["workerGroupSpecs"] = json!([group("small", ray("w")), group("small", nameless)]);
    for policy in policies() {
        let (stored, _) = mutate(&policy, &twins, None);
        assert_eq!(mutate(&policy, &stored, None), (stored.clone(), json!([])));
    }
}
