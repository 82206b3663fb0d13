//! RayClusters with parameters of `ray start`, most of them with one mistake.

use rayguard_test_support::dice::Dice;
use serde_json::{Map, Value, json};

use crate::values;

/// A RayCluster of one version of Ray.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) object: Value,
    /// Whether the object states its version of Ray.
    pub(crate) is_stated: bool,
    /// Whether it may have the fields `labels` and `resources` of groups, which KubeRay has since 1.5. Since then, it
    /// refuses labels as a parameter.
    pub(crate) has_fields: bool,
}

/// Returns a RayCluster with a head and one worker group. Equal arguments give equal objects.
pub(crate) fn case(seed: u64, index: u64, version: &str) -> Case {
    let mut dice = Dice::new(seed, index);
    let is_stated = !dice.one_in(10);
    let by_image = is_stated && dice.one_in(3);
    let image = if by_image { format!("rayproject/ray:{version}") } else { "example.com/own:1".to_owned() };
    let has_fields = dice.one_in(2);
    let head = group(&mut dice, &image, true, has_fields);
    let mut worker = group(&mut dice, &image, false, has_fields);
    worker["groupName"] = "workers".into();
    let mut spec = json!({"headGroupSpec": head, "workerGroupSpecs": [worker]});
    if is_stated && !by_image {
        spec["rayVersion"] = version.into();
    }
    if dice.one_in(8) {
        spec["enableInTreeAutoscaling"] = true.into();
    }
    if dice.one_in(15) {
        spec["gcsFaultToleranceOptions"] = json!({"redisAddress": "redis:6379", "redisPassword": {"value": "p"}});
        if dice.one_in(2) {
            spec["gcsFaultToleranceOptions"]["redisUsername"] = json!({"value": "u"});
        }
    }
    let mut metadata = json!({"name": "a", "namespace": "default"});
    if dice.one_in(40) {
        metadata["annotations"] = json!({"ray.io/overwrite-container-cmd": "true"});
    }
    let object = json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": spec});
    Case { object, is_stated, has_fields }
}

fn group(dice: &mut Dice, image: &str, is_head: bool, has_fields: bool) -> Value {
    let mut params = Map::new();
    for _ in 0..dice.below(4) {
        let (name, value) = dice.pick(values::RIGHT);
        if is_head || !values::HEAD_ONLY.contains(name) {
            params.insert((*name).to_owned(), (*value).into());
        }
    }
    let mut group = json!({"template": {"spec": {"containers": [container(dice, image)]}}});
    // Up to two mistakes, or what looks like one.
    let mistakes = [0, 1, 1, 1, 2][dice.below(5)];
    for _ in 0..mistakes {
        mistake(dice, &mut params, &mut group, is_head, has_fields);
    }
    if has_fields {
        params.remove("labels");
    }
    group["rayStartParams"] = Value::Object(params);
    group
}

fn container(dice: &mut Dice, image: &str) -> Value {
    let mut resources = json!({});
    let memory = *dice.pick(&["4Gi", "4Gi", "512Mi", "8G", "20Gi", "64Gi", "250Mi", "249Mi"]);
    if !dice.one_in(6) {
        resources["limits"]["memory"] = memory.into();
    }
    if dice.one_in(3) {
        resources["requests"]["memory"] = (*dice.pick(&["256Mi", "4Gi", "20Gi"])).into();
    }
    if !dice.one_in(4) {
        resources["limits"]["cpu"] = (*dice.pick(&["1", "500m", "4", "1500m"])).into();
    }
    match dice.below(12) {
        0 => resources["limits"]["nvidia.com/gpu"] = "1".into(),
        1 => resources["limits"]["google.com/tpu"] = "4".into(),
        2 => resources["limits"]["aws.amazon.com/neuroncore"] = "2".into(),
        _ => {}
    }
    json!({"name": "ray", "image": image, "resources": resources})
}

/// Returns one of several texts.
fn one(dice: &mut Dice, texts: &[&'static str]) -> &'static str {
    texts[dice.below(texts.len())]
}

/// Adds a parameter, or something else that `ray start` may refuse.
fn mistake(dice: &mut Dice, params: &mut Map<String, Value>, group: &mut Value, is_head: bool, has_fields: bool) {
    let mut set = |name: &str, value: &str| {
        params.insert(name.to_owned(), value.into());
    };
    match dice.below(30) {
        0..=3 => set(one(dice, values::NAMES), one(dice, values::TEXTS)),
        4..=6 => set(one(dice, values::COUNTS), one(dice, values::INTEGERS)),
        7..=10 => set(one(dice, values::PORTS), one(dice, values::PORT_NUMBERS)),
        11 => set("worker-port-list", one(dice, values::PORT_LISTS)),
        12 => {
            set("min-worker-port", one(dice, values::PORT_NUMBERS));
            set("max-worker-port", one(dice, values::PORT_NUMBERS));
        }
        13..=15 => set("resources", one(dice, values::RESOURCES)),
        16 | 17 => set("labels", one(dice, values::LABELS)),
        18 => set("system-config", one(dice, values::CONFIGS)),
        19 | 20 => {
            set("object-store-memory", one(dice, values::SIZES));
            memory(dice, params, group);
        }
        21 => set(one(dice, values::SWITCHES), one(dice, values::TEXTS)),
        22 => set(one(dice, values::MISSPELLED), one(dice, values::TEXTS)),
        23 => set("address", one(dice, values::ADDRESSES)),
        24 => set("temp-dir", one(dice, values::DIRECTORIES)),
        25 => set(one(dice, values::HEAD_ONLY), one(dice, values::TEXTS)),
        26 => isolation(dice, params),
        27 if !has_fields => set("labels", one(dice, values::LABELS)),
        27 if dice.one_in(2) => group["labels"] = json!({"accelerator": "a100", "zone": "b"}),
        27 => {
            let (name, quantity) = dice.pick(values::GROUP_RESOURCES);
            group["resources"] = json!({*name: quantity, "CPU": "2"});
        }
        28 => {
            let container = &mut group["template"]["spec"]["containers"][0];
            let commands = ["echo started", "ray start --block", "exec ray start --head"];
            container["args"] = json!([*dice.pick(&commands)]);
        }
        _ => {
            set(one(dice, values::NAMES), one(dice, values::TEXTS));
            if is_head {
                set("port", one(dice, values::PORT_NUMBERS));
            }
        }
    }
}

fn memory(dice: &mut Dice, params: &mut Map<String, Value>, group: &mut Value) {
    match dice.below(6) {
        0 => {
            params.insert("plasma-directory".to_owned(), (*dice.pick(&["/tmp", "/dev/shm"])).into());
        }
        1 => {
            let variable = json!([{"name": "RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE", "value": "1"}]);
            group["template"]["spec"]["containers"][0]["env"] = variable;
        }
        2 | 3 => {
            let mut directory = json!({"medium": "Memory"});
            if !dice.one_in(4) {
                directory["sizeLimit"] = (*dice.pick(&["1Gi", "11G", "18Gi", "63Gi"])).into();
            }
            let name = *dice.pick(&["dshm", "shared-mem"]);
            group["template"]["spec"]["volumes"] = json!([{"name": name, "emptyDir": directory}]);
            let mount = json!([{"name": name, "mountPath": "/dev/shm"}]);
            group["template"]["spec"]["containers"][0]["volumeMounts"] = mount;
        }
        _ => {}
    }
}

fn isolation(dice: &mut Dice, params: &mut Map<String, Value>) {
    for (name, values) in [
        ("enable-resource-isolation", &["true", "false"] as &[&str]),
        ("cgroup-path", &["/sys/fs/cgroup", ""]),
        ("system-reserved-cpu", &["0.5", "1", "1.0", "2", "0", "64", "x", "1e0"]),
        ("system-reserved-memory", &["1000", "600000000", "0", "900000000000", "-1", "1Gi"]),
    ] {
        if dice.one_in(2) {
            params.insert(name.to_owned(), (*dice.pick(values)).into());
        }
    }
}
