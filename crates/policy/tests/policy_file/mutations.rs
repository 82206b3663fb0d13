//! Policies with random changes, each of which the reader and the schema must judge alike.

use std::collections::BTreeMap;

use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::file::json_schema;
use rayguard_test_support::dice::Dice;
use serde_json::{Value, json};

use super::agreement::{Agreement, compare};
use super::{policy, validator};

const SEED: u64 = 20;
const CASES: u64 = 10_000;

/// Returns a policy with every key.
fn base() -> Value {
    policy(&json!({
        "kuberay": {"version": "1.7", "featureGates": {"RayCronJob": true, "AllAlpha": false}},
        "installed": ["kueue"],
        "webhook": "installed",
        "highestLevel": "warn",
        "rules": {"missing-redis-password": "off", "single-replica": false, "missing-secret": "audit"},
        "settings": {
            "shortWorkerReconnectTimeoutSeconds": 120, "reconnectTimeoutMarginSeconds": 0,
            "assumedHeadReconnectTimeoutSeconds": 60, "clusterDomain": "Cluster.local.",
        },
        "defaults": {
            "workerReconnectTimeout": "repair", "headNumCpus": "zero",
            "podTemplate": {
                "head": {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": {"hostNetwork": true}},
                "worker": {"spec": {
                    "tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 3}],
                    "volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}],
                    "nodeSelector": {"a": "b"},
                    "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                        {"labelSelector": {"matchLabels": {"a": "b"}}, "topologyKey": "zone"},
                    ]}},
                    "containers": [{
                        "name": "ray-worker", "image": "a", "env": [{"name": "A", "value": "b"}],
                        "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": 1, "memory": "2Gi"}},
                        "livenessProbe": {"httpGet": {"port": "http"}},
                    }],
                }},
            },
        },
        "exemptions": [
            {"namespaces": ["sandbox", "lab"], "rules": ["missing-redis-password"], "reason": "no data"},
        ],
        "objectExemptions": ["single-replica"],
    }))
}

/// Values of every type, among them those at the bounds of what some key accepts.
fn values() -> Vec<Value> {
    let long = ["a".repeat(63), "a".repeat(64), format!("{}.local", "a".repeat(250)), format!("{}..", "a".repeat(253))];
    let texts =
        ["", "off", "deny", "all", "1.6", "v1.6.2", "1.06", "1.60", "next", "a b", "-1", "500m", "Team", ".a.", "é"];
    let numbers = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(2.0),
        json!(1.6),
        json!(4_294_967_295_u32),
        json!(4_294_967_296_u64),
        json!(1e30),
    ];
    let others =
        [json!(null), json!(true), json!(false), json!([]), json!([null]), json!(["single-replica"]), json!({})];
    long.map(Value::from).into_iter().chain(texts.map(Value::from)).chain(numbers).chain(others).collect()
}

/// Returns the pointers to all values of a file.
fn pointers(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(field, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{pointer}/{index}"), found));
        }
        _ => {}
    }
}

/// Returns the part of the schema for the value at a pointer.
fn part<'s>(root: &'s Value, pointer: &str) -> Option<&'s Value> {
    pointer.split('/').skip(1).try_fold(root, |schema, step| {
        let schema = resolve(root, schema);
        let property = schema["properties"].get(step);
        property.or_else(|| schema.get("items")).or_else(|| schema.get("additionalProperties"))
    })
}

fn resolve<'s>(root: &'s Value, mut schema: &'s Value) -> &'s Value {
    while let Some(name) = schema["$ref"].as_str() {
        schema = root.pointer(name.trim_start_matches('#')).expect("the part that is referred to");
    }
    schema
}

/// Returns a value that a part of the schema probably accepts.
fn sample(root: &Value, schema: &Value, dice: &mut Dice) -> Value {
    let schema = resolve(root, schema);
    let types = schema["type"].as_array().and_then(|types| types.first()).unwrap_or(&schema["type"]);
    if let Some(any) = schema["anyOf"].as_array() {
        return sample(root, dice.pick(any), dice);
    }
    if let Some(names) = schema["enum"].as_array().or_else(|| schema["examples"].as_array()) {
        return dice.pick(names).clone();
    }
    match types.as_str().unwrap_or_default() {
        "object" => {
            let mut map = serde_json::Map::new();
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                map.insert(name.to_owned(), sample(root, &schema["properties"][name], dice));
            }
            map.into()
        }
        "array" => {
            let mut item = sample(root, &schema["items"], dice);
            // The merge key is next to the reference to the item's type.
            for name in schema["items"]["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if let Some(fields) = item.as_object_mut() {
                    let field = &resolve(root, &schema["items"])["properties"][name];
                    fields.insert(name.to_owned(), sample(root, field, dice));
                }
            }
            json!([item])
        }
        "string" => json!("a"),
        "integer" => json!(1),
        "number" => json!(1.5),
        "boolean" => json!(true),
        _ => json!(null),
    }
}

/// Changes one value of a file.
fn mutate(file: &mut Value, schema: &Value, values: &[Value], dice: &mut Dice) {
    let mut all = Vec::new();
    pointers(file, "", &mut all);
    let pointer = dice.pick(&all).clone();
    let part = part(schema, &pointer);
    let target = file.pointer_mut(&pointer).expect("it is there");
    match (dice.below(8), &mut *target) {
        (0, Value::Object(fields)) if !fields.is_empty() => {
            let name = fields.keys().nth(dice.below(fields.len())).cloned();
            fields.remove(&name.expect("a key"));
        }
        (1, Value::Object(fields)) => {
            let name = *dice.pick(&["unknown", "Rules", "$patch", "name"]);
            fields.insert(name.to_owned(), dice.pick(values).clone());
        }
        (2..=5, Value::Object(fields)) => {
            let known = part.map(|part| &resolve(schema, part)["properties"]).and_then(Value::as_object);
            if let Some(known) = known.filter(|known| !known.is_empty()) {
                let (name, part) = known.iter().nth(dice.below(known.len())).expect("a key");
                fields.insert(name.clone(), sample(schema, part, dice));
            }
        }
        (0..=1, Value::Array(items)) if !items.is_empty() => items.push(items[0].clone()),
        (2..=3, Value::Array(items)) => {
            if let Some(part) = part.map(|part| &resolve(schema, part)["items"]) {
                items.push(sample(schema, part, dice));
            }
        }
        (0..=1, Value::String(text)) => *text = text.to_uppercase(),
        (2, Value::String(text)) => text.push('x'),
        (6, _) if part.is_some() => *target = sample(schema, part.expect("it is there"), dice),
        _ => *target = dice.pick(values).clone(),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are for people")]
fn the_reader_and_the_schema_agree_on_changed_policies() {
    let (validator, schema, values) = (validator(), json_schema(), values());
    let mut counts = BTreeMap::<_, usize>::new();
    for index in 0..CASES {
        let mut dice = Dice::new(SEED, index);
        let mut file = base();
        if dice.one_in(2) {
            file["kuberay"]["version"] = dice.pick(&Version::ALL).to_string().into();
            file["kuberay"]["featureGates"] = json!({});
        }
        for _ in 0..=dice.below(4) {
            mutate(&mut file, &schema, &values, &mut dice);
        }
        *counts.entry(compare(&validator, &file)).or_default() += 1;
    }
    println!("{counts:#?}");
    for agreement in [Agreement::Valid, Agreement::Invalid] {
        assert!(counts[&agreement] > 1000, "{counts:?}");
    }
}
