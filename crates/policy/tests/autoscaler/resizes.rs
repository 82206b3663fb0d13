//! RayClusters with the annotation `ray.io/ippr`.

use rayguard_test_support::dice::Dice;
use serde_json::{Map, Value, json};

/// Texts that are not what the autoscaler expects, or only nearly.
const TEXTS: &[&str] = &[
    "",
    " ",
    "{",
    "{}",
    "[]",
    "null",
    "1",
    "\"groups\"",
    "groups: {}",
    "{'groups': {}}",
    r#"{"groups": {}}"#,
    r#"{"groups": null}"#,
    r#"{"groups": []}"#,
    r#"{"groups": {"small": null}}"#,
    r#"{"groups": {"small": {}}}"#,
    r#"{"groups": {"other": {}}}"#,
    r#"{"groups": {}} x"#,
    r#"{"groups": {},}"#,
    r#"{"group": {}}"#,
    r#"{"groups": {"other": {"max-cpu": "x", "max-memory": "x", "resize-timeout": 1}}}"#,
    r#"{"groups": {"small": {"max-cpu": NaN, "max-memory": "1Gi", "resize-timeout": 1}}}"#,
    r#"{"groups": {"small": {"max-cpu": 1, "max-memory": Infinity, "resize-timeout": 1}}}"#,
    r#"{"groups": {"small": {"max-cpu": 1e400, "max-memory": 1, "resize-timeout": 1}}}"#,
    r#"{"groups": {"\ud800": {"max-cpu": 1, "max-memory": 1, "resize-timeout": 1}}}"#,
    r#"{"groups": {"small": {}, "small": {"max-cpu": "8", "max-memory": "8Gi", "resize-timeout": 1}}}"#,
];

/// Returns a cluster, which mostly says that it runs this version of Ray, and version 2 of the autoscaler.
pub(crate) fn cluster(seed: u64, index: u64, version: &str) -> Value {
    let mut dice = Dice::new(seed ^ 0xff, index);
    let head = group(&mut dice, version);
    let mut small = group(&mut dice, version);
    small["groupName"] = "small".into();
    let mut large = group(&mut dice, version);
    large["groupName"] = if dice.one_in(80) { *dice.pick(&["small", "headgroup"]) } else { "large" }.into();
    let mut spec = json!({"enableInTreeAutoscaling": true, "headGroupSpec": head, "workerGroupSpecs": [small, large]});
    spec["rayVersion"] = version.into();
    if dice.one_in(2) {
        spec["autoscalerOptions"] = json!({"version": "v2"});
    }
    let metadata = json!({"name": "c", "namespace": "n", "annotations": {"ray.io/ippr": annotation(&mut dice)}});
    json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": spec})
}

fn annotation(dice: &mut Dice) -> String {
    if dice.one_in(30) {
        return (*dice.pick(TEXTS)).to_owned();
    }
    let mut groups = Map::new();
    for name in ["small", "large", "headgroup"] {
        if dice.one_in(2) {
            groups.insert(name.into(), limits(dice));
        }
    }
    if groups.is_empty() {
        groups.insert("small".into(), limits(dice));
    }
    if dice.one_in(200) {
        groups.insert("other".into(), limits(dice));
    }
    let mut text = json!({"groups": groups}).to_string();
    if dice.one_in(20) {
        text.truncate(dice.below(text.len()));
    }
    text
}

fn limits(dice: &mut Dice) -> Value {
    let mut limits = json!({"max-cpu": "8", "max-memory": "16Gi", "resize-timeout": 300});
    if dice.one_in(2) {
        return limits;
    }
    let field = *dice.pick(&["max-cpu", "max-memory", "resize-timeout"]);
    let values = json!([
        "8",
        "4500m",
        9,
        9.5,
        9.0,
        "16Gi",
        34_359_738_368_u64,
        "eight",
        "",
        " 8 ",
        "1e11",
        "NaN",
        "Infinity",
        true,
        null,
        [],
        {},
        "9 Gi",
        "16GB",
        300,
        300.0,
        300.5,
        "300",
        "1e1.5",
        "1_000",
        "-1",
        0,
        -1
    ]);
    let values = values.as_array().expect("a list");
    limits[field] = dice.pick(values).clone();
    if dice.one_in(10) {
        limits.as_object_mut().expect("a map").remove(field);
    }
    limits
}

fn group(dice: &mut Dice, version: &str) -> Value {
    let mut params = Map::new();
    let mut container = json!({
        "name": "ray",
        "image": format!("rayproject/ray:{version}"),
        "resources": {"limits": {"cpu": "1", "memory": "2Gi"}, "requests": {"cpu": "1", "memory": "2Gi"}},
    });
    if dice.one_in(4) {
        let resources = &mut container["resources"];
        match dice.below(12) {
            0 => drop(params.insert("num-cpus".into(), "1".into())),
            1 => drop(params.insert("memory".into(), "2147483648".into())),
            2 => drop(params.insert("num-gpus".into(), "0".into())),
            3 => *resources = json!({"limits": {"cpu": "1", "memory": "2Gi"}}),
            4 => *resources = json!({"limits": {"cpu": "1", "memory": "2Gi"}, "requests": {"cpu": "1"}}),
            5 => *resources = json!({"requests": {"cpu": 1, "memory": "2Gi"}}),
            6 => {
                let requests = json!({"cpu": "1e1.5", "memory": "2Gi"});
                *resources = json!({"limits": {"cpu": 0, "memory": "2Gi"}, "requests": requests});
            }
            7 => *resources = json!({"limits": {"cpu": "1e1.5"}, "requests": {"cpu": "1", "memory": "2Gi"}}),
            8 => container["resizePolicy"] = json!([{"resourceName": "cpu", "restartPolicy": "NotRequired"}]),
            9 => container["resizePolicy"] = json!([{"resourceName": "other", "restartPolicy": "RestartContainer"}]),
            _ => {
                let restart = *dice.pick(&["RestartContainer", "NotRequired", "Always", ""]);
                let policy = json!({"resourceName": *dice.pick(&["cpu", "memory"]), "restartPolicy": restart});
                container["resizePolicy"] = json!([{"resourceName": "gpu", "restartPolicy": "NotRequired"}, policy]);
            }
        }
    }
    json!({"rayStartParams": params, "minReplicas": 0, "maxReplicas": 4, "template": {"spec": {"containers": [container]}}})
}
