//! Objects of every kind and shape, with and without random damage.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use crate::policies::policies;
use crate::samples::samples;

/// The password in generated objects, which must never appear in output.
pub const SECRET: &str = "5241590000000000";

const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

pub fn policy_index() -> impl Strategy<Value = usize> {
    0..policies().len()
}

pub fn kind() -> impl Strategy<Value = &'static str> {
    select(vec!["RayCluster", "RayService", "RayJob", "RayCronJob"])
}

/// Returns a well-formed object of any kind, good or bad: a generated one, or less often one of KubeRay's samples.
pub fn object() -> impl Strategy<Value = Value> {
    prop_oneof![3 => generated(), 1 => select(samples())]
}

fn generated() -> impl Strategy<Value = Value> {
    (kind(), select(vec!["ray.io/v1", "ray.io/v1alpha1"]), annotations(), spec()).prop_map(
        |(kind, version, annotations, spec)| {
            let spec = match kind {
                "RayService" => json!({"rayClusterConfig": spec, "serveConfigV2": "applications: []"}),
                "RayJob" => json!({"rayClusterSpec": spec, "entrypoint": "python job.py"}),
                "RayCronJob" => json!({"schedule": "* * * * *", "jobTemplate": {"rayClusterSpec": spec}}),
                _ => spec,
            };
            let mut metadata = json!({"name": "c", "namespace": "n"});
            if let Some(annotations) = annotations {
                metadata["annotations"] = annotations;
            }
            json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})
        },
    )
}

/// Returns an object with some random damage: values of other types, missing fields, nulls.
pub fn damaged() -> impl Strategy<Value = Value> {
    let change = (any::<Index>(), prop_oneof![Just(None), any_json().prop_map(Some), Just(Some(Value::Null))]);
    (object(), prop::collection::vec(change, 0..4)).prop_map(|(mut object, changes)| {
        for (at, with) in changes {
            let mut pointers = Vec::new();
            pointers_below(&object, "", &mut pointers);
            pointers.retain(|pointer| pointer != "/apiVersion" && pointer != "/kind");
            if pointers.is_empty() {
                break;
            }
            let pointer = at.get(&pointers).clone();
            match with {
                Some(value) => *object.pointer_mut(&pointer).expect("it is there") = value,
                None => remove(&mut object, &pointer),
            }
        }
        object
    })
}

pub fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let names = select(vec![
        "annotations",
        "containers",
        "env",
        "gcsFaultToleranceOptions",
        "groupName",
        "headGroupSpec",
        "name",
        "rayStartParams",
        "rayClusterConfig",
        "spec",
        "template",
        "value",
        "valueFrom",
        "workerGroupSpecs",
    ]);
    scalar.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

fn pointers_below(value: &Value, pointer: &str, pointers: &mut Vec<String>) {
    let below = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (below(name), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (below(&index.to_string()), value)).collect()
        }
        _ => Vec::new(),
    };
    for (pointer, value) in children {
        pointers_below(value, &pointer, pointers);
        pointers.push(pointer);
    }
}

fn remove(object: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer below the root");
    match object.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => drop(items.remove(name.parse().expect("an index"))),
        _ => unreachable!("a pointer's parent is a map or a list"),
    }
}

fn annotations() -> impl Strategy<Value = Option<Value>> {
    let enabled = select(vec![None, Some("true"), Some("TRUE"), Some("false"), Some(" true"), Some("")]);
    let namespace = select(vec![None, None, Some(""), Some("shared")]);
    (any::<bool>(), enabled, namespace).prop_map(|(some, enabled, namespace)| {
        let keys = [("ray.io/ft-enabled", enabled), ("ray.io/external-storage-namespace", namespace)];
        let values = keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?))));
        some.then(|| Value::Object(values.collect()))
    })
}

fn spec() -> impl Strategy<Value = Value> {
    let names = Just(vec!["small", "large", "a/b~c"]).prop_shuffle();
    (options(), group(), prop::collection::vec(group(), 0..4), names, any::<bool>()).prop_map(
        |(options, head, workers, names, autoscaling)| {
            let mut spec = json!({"rayVersion": "2.52.0", "enableInTreeAutoscaling": autoscaling, "headGroupSpec": head,
                "unknownToAll": {"kept": [1]}});
            let workers = workers.into_iter().zip(names).map(|(mut group, name)| {
                group["groupName"] = name.into();
                group["replicas"] = 1.into();
                group
            });
            spec["workerGroupSpecs"] = workers.collect();
            if let Some(options) = options {
                spec["gcsFaultToleranceOptions"] = options;
            }
            spec
        },
    )
}

fn options() -> impl Strategy<Value = Option<Value>> {
    let secret = json!({"valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}});
    select(vec![
        None,
        None,
        Some(json!({})),
        Some(json!({"redisAddress": "redis:6379"})),
        Some(json!({"redisAddress": "redis:6379", "redisPassword": secret})),
        Some(
            json!({"redisAddress": "rediss://redis", "redisPassword": {"value": SECRET}, "externalStorageNamespace": "x"}),
        ),
        Some(json!({"redisAddress": format!("redis://:{SECRET}@redis:6379"), "redisPassword": {}})),
        Some(json!({"backend": "rocksdb"})),
    ])
}

fn group() -> impl Strategy<Value = Value> {
    let param = select(vec![
        ("num-cpus", "0"),
        ("num-cpus", "4"),
        ("num_cpus", "0"),
        ("redis-password", "$REDIS_PASSWORD"),
        ("redis-password", SECRET),
        ("redis-password", ""),
        ("system-config", "'{\"gcs_rpc_server_reconnect_timeout_s\": 8}'"),
        ("resources", "$(id)"),
    ]);
    let params = prop::option::of(prop::collection::vec(param, 0..4));
    let containers = prop::collection::vec(container(), 0..3);
    let command = select(vec![None, None, None, Some("ray start --head --redis-password=x")]);
    (params, containers, command).prop_map(|(params, mut containers, command)| {
        for (index, container) in containers.iter_mut().enumerate() {
            container["name"] = ["ray", "sidecar", "logs"][index].into();
        }
        if let (Some(first), Some(command)) = (containers.first_mut(), command) {
            first["command"] = json!(["bash", "-c", command]);
        }
        let mut group = json!({"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}});
        if let Some(params) = params {
            let params = params.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
            group["rayStartParams"] = Value::Object(params.collect());
        }
        group
    })
}

fn container() -> impl Strategy<Value = Value> {
    let value = select(vec!["", "60", "600", "1200", "600s", "0", "-1", "$(OTHER)", "4294967295", SECRET]);
    let name = select(vec![
        TIMEOUT,
        TIMEOUT,
        "RAY_REDIS_ADDRESS",
        "REDIS_PASSWORD",
        "RAY_external_storage_namespace",
        "RAY_GCS_RPC_SERVER_RECONNECT_TIMEOUT_S",
        "OTHER",
    ]);
    let var = (name, value, any::<bool>()).prop_map(|(name, value, from)| {
        let secret = json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}});
        if from { secret } else { json!({"name": name, "value": value}) }
    });
    let env = prop::option::of(prop::collection::vec(var, 0..4));
    let image = select(vec!["rayproject/ray:2.52.0", "registry.example/mine:1"]);
    let resources =
        select(vec![json!({}), json!({"limits": {"memory": "2Gi"}}), json!({"requests": {"memory": "8Gi"}})]);
    (env, image, resources, any::<bool>(), any::<bool>()).prop_map(|(env, image, resources, from, stop)| {
        let mut container = json!({"image": image, "resources": resources});
        if let Some(mut env) = env {
            // The API server refuses a duplicate name before it calls any validating webhook.
            let mut seen = std::collections::HashSet::new();
            env.retain(|var| seen.insert(var["name"].to_string()));
            container["env"] = env.into();
        }
        if from {
            container["envFrom"] = json!([{"configMapRef": {"name": "m"}}]);
        }
        if stop {
            container["lifecycle"] = json!({"preStop": {"exec": {"command": ["sh", "-c", "ray stop"]}}});
        }
        container
    })
}
