//! A valid object with values of every type, and all its variants with one wrong value.

use serde_json::{Value, json};

/// Returns a RayCluster that the schema allows, as the API server would store it except for defaults.
pub(crate) fn sound() -> Value {
    let worker = json!({
        "name": "ray-worker",
        "image": "rayproject/ray:2.52.0",
        "envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "A_"}],
        "volumeMounts": [{"name": "logs", "mountPath": "/tmp/ray", "readOnly": false}],
    });
    let head = json!({
        "name": "ray-head",
        "image": "rayproject/ray:2.52.0",
        "command": ["/bin/sh", "-c"],
        "env": [
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "PLAIN", "value": "60"},
        ],
        "ports": [{"containerPort": 6379, "name": "gcs"}, {"containerPort": 8265, "protocol": "UDP"}],
        "resources": {"limits": {"cpu": 2, "memory": "4Gi"}},
        "readinessProbe": {"httpGet": {"port": "gcs", "path": "/"}, "periodSeconds": 5},
        "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1, 2]}}],
    });
    json!({
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "sound", "labels": {"team": "a"}, "annotations": {"ray.io/gcs-ft-deletion-timeout": "60"}},
        "spec": {
            "rayVersion": "2.52.0",
            "suspend": false,
            "managedBy": "ray.io/kuberay-operator",
            "upgradeStrategy": {"type": "Recreate"},
            "gcsFaultToleranceOptions": {"redisAddress": "redis:6379", "redisPassword": {"value": "p"}},
            "headGroupSpec": {
                "rayStartParams": {"num-cpus": "0"},
                "template": {
                    "metadata": {"labels": {"a": "b"}},
                    "spec": {
                        "terminationGracePeriodSeconds": 30,
                        "nodeSelector": {"gpu": "none"},
                        "containers": [head],
                        "volumes": [{"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}}],
                    },
                },
            },
            "workerGroupSpecs": [{
                "groupName": "small",
                "replicas": 1,
                "minReplicas": 0,
                "maxReplicas": 2,
                "template": {"spec": {"containers": [worker], "volumes": [{"name": "logs", "azureDisk":
                    {"diskName": "d", "diskURI": "u"}}]}},
            }],
        },
    })
}

/// Returns the variants of an object with one wrong or odd value, for every field below the top, each with a
/// description of the change.
pub(crate) fn damaged(object: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    collect(object, &mut String::new(), &mut pointers);
    let mut damaged = Vec::new();
    for pointer in pointers.iter().filter(|pointer| !["/apiVersion", "/kind"].contains(&pointer.as_str())) {
        let value = object.pointer(pointer).expect("a field of the object");
        for (what, other) in replacements(value) {
            let mut changed = object.clone();
            *changed.pointer_mut(pointer).expect("the same field") = other;
            damaged.push((format!("{pointer} {what}"), changed));
        }
        let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
        let mut without = object.clone();
        match without.pointer_mut(parent).expect("its parent") {
            Value::Object(fields) => drop(fields.remove(&last.replace("~1", "/"))),
            Value::Array(items) => drop(items.remove(last.parse().expect("an index"))),
            _ => continue,
        }
        damaged.push((format!("{pointer} is gone"), without));
    }
    damaged
}

fn collect(value: &Value, pointer: &mut String, pointers: &mut Vec<String>) {
    let length = pointer.len();
    let children: Vec<_> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        pointer.push('/');
        pointer.push_str(&name);
        pointers.push(pointer.clone());
        collect(child, pointer, pointers);
        pointer.truncate(length);
    }
}

/// Returns the values that replace a value.
fn replacements(value: &Value) -> Vec<(String, Value)> {
    let mut others =
        vec![json!(null), json!(true), json!(0), json!(-7), json!(2.0), json!(0.5), json!(3_000_000_000_u32)];
    others.extend([
        json!(""),
        json!("1 Gi"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"x-y": null, "x-z": "1"}),
        json!({"a/b/c": "d e"}),
    ]);
    others.extend([json!([value]), json!([{"name": "x"}, {"name": "x"}]), json!({"value": value})]);
    match value {
        Value::Object(fields) => {
            let added = fields.clone().into_iter().chain([("unheardOf".to_owned(), json!({"x": [1, {"y": 2}]}))]);
            others.push(added.collect());
        }
        Value::Array(items) => {
            others.push([&items[..], &items[..]].concat().into());
            others.push([&items[..], &[Value::Null]].concat().into());
        }
        Value::Number(number) => others.push(number.to_string().into()),
        Value::String(text) => others.push(format!("{text}~").into()),
        _ => {}
    }
    let others = others.into_iter().filter(|other| other != value);
    others.map(|other| (format!("is {other}"), other)).collect()
}
