//! RayClusters with an autoscaler, and with all that it reads.

use rayguard_test_support::dice::Dice;
use serde_json::{Map, Value, json};

/// Values of `num-cpus`, `num-gpus` and `memory`.
const INTEGERS: &[&str] = &[
    "4",
    "0",
    "1",
    "16",
    "0.5",
    "500m",
    "'4'",
    "\"4\"",
    "-1",
    "-0",
    " 4",
    "4 ",
    "4\n",
    "+4",
    "1_000",
    "1__0",
    "_1",
    "four",
    "",
    "4.0",
    "2Gi",
    "1e3",
    "٤",
    "é",
    "007",
    "0x4",
    "NaN",
    "inf",
    "4 4",
    "1,000",
    "2147483648",
    "- 4",
    "4\u{a0}",
];

/// Quantities of a group's own `resources`, which KubeRay does not check.
const QUANTITIES: &[&str] = &[
    "4", "0", "1", "500m", "0.5", "2Gi", "2GB", "1e3", "1E", "1e", "some", "", " 4", "-1", "-500m", "-0", "NaN",
    "Infinity", "1_000", "2ki", "2Ki", "2mi", "2Mi", "4 m", "m", ".5", "5.", "1.2.3", "+1", "1e1.5", "٤", "é", "0x4",
    "nan", "4n",
];

/// Quantities of containers. The API server checks their form.
const CONTAINER_QUANTITIES: &[&str] =
    &["1", "4", "0", "500m", "2Gi", "8Gi", "1e3", "1E", "-1", "-0", "-1Gi", "1e1.5", "+2", ".5", "5."];

/// Values of the parameter `resources`.
const MAPS: &[&str] = &[
    r#""{\"a\": 1}""#,
    r#""{\"a\": 1, \"TPU\": 4}""#,
    r#"'{"a": 1}'"#,
    r#"{"a": 1}"#,
    r#"'{"a": 1.0}'"#,
    r#"'{"a": 0.5}'"#,
    r#"'{"a": 0.5, "a": 2}'"#,
    r#"'{"a": -1}'"#,
    r#"'{"a": -0}'"#,
    r#"'{"a": true}'"#,
    r#"'{"a": "1"}'"#,
    r#"'{"a": null}'"#,
    r#"'{"a": NaN}'"#,
    r#"'{"a": 1e3}'"#,
    r#"'{"a": 99999999999999999999}'"#,
    r#"'{"a": {"b": 1}}'"#,
    r#"'{"a": 1,}'"#,
    "'{a: 1}'",
    "'{}'",
    "{}",
    "'[]'",
    "'1'",
    "''",
    "x",
    "",
    "a=1",
    r#""{\\\"a\\\": 1}""#,
    r#" '{"a": 1}' "#,
    r#"''{"a": 1}''"#,
    "“{\"a\": 1}”",
];

/// Those that only the schema of the configuration refuses.
const UNFIT: &[&str] = &[r#"'{"a": true}'"#, r#"'{"a": -1}'"#];

const ACCELERATORS: &[&str] = &[
    "tpu-v4-podslice",
    "tpu-v5-lite-podslice",
    "tpu-v5p-slice",
    "tpu-v6e-slice",
    "tpu7x",
    "tpu-v9",
    "",
    "tpu-v5-lite-device",
];
const TOPOLOGIES: &[&str] =
    &["2x2x1", "2x2", "4", "2X2", " 2x2 ", "2x", "x", "", "two", "2x2x2.0", "2*2", "-2x2", "2x 2"];

const LABELS: &[(&str, &str)] = &[
    ("zone", "a"),
    ("example.com/zone", "a"),
    ("ray.io/accelerator-type", "T4"),
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com/zone", "a"),
    ("-zone", "a"),
    ("zone", "-a"),
    ("a/b/c", "a"),
    ("UPPER.example/zone", ""),
];

/// Returns a cluster, which mostly says that it runs this version of Ray.
pub(crate) fn cluster(seed: u64, index: u64, version: &str) -> Value {
    let mut dice = Dice::new(seed, index);
    let is_stated = !dice.one_in(8);
    let image = if is_stated { format!("rayproject/ray:{version}") } else { "registry.example.com/own:1".to_owned() };
    let mut spec = json!({"enableInTreeAutoscaling": true, "headGroupSpec": group(&mut dice, &image, version)});
    if is_stated && dice.one_in(2) {
        spec["rayVersion"] = version.into();
    }
    let workers: Vec<_> = (0..dice.below(3)).map(|index| worker(&mut dice, &image, version, index)).collect();
    match (workers.is_empty(), dice.below(3)) {
        (true, 0) => spec["workerGroupSpecs"] = Value::Null,
        (true, 1) => {}
        _ => spec["workerGroupSpecs"] = workers.into(),
    }
    options(&mut dice, &mut spec);
    json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c", "namespace": "n"}, "spec": spec})
}

fn options(dice: &mut Dice, spec: &mut Value) {
    let mut options = Map::new();
    if dice.one_in(4) {
        options.insert("version".into(), (*dice.pick(&["v1", "v2"])).into());
    }
    if dice.one_in(6) {
        options.insert("upscalingMode".into(), (*dice.pick(&["Default", "Aggressive", "Conservative"])).into());
    }
    if dice.one_in(8) {
        options.insert("idleTimeoutSeconds".into(), (*dice.pick(&[60, 0, -1])).into());
    }
    if !options.is_empty() {
        spec["autoscalerOptions"] = options.into();
    }
}

fn worker(dice: &mut Dice, image: &str, version: &str, index: usize) -> Value {
    let mut worker = group(dice, image, version);
    worker["groupName"] = if dice.one_in(200) { "headgroup".into() } else { format!("group-{index}").into() };
    let (min, max) = *dice.pick(&[(0, 4), (1, 1), (0, 0), (0, 4), (0, 4), (0, 10), (0, 4), (2, 8)]);
    let (min, max) = if dice.one_in(30) { *dice.pick(&[(5, 4), (-1, 4), (0, -1), (-2, -1)]) } else { (min, max) };
    if !dice.one_in(6) {
        worker["minReplicas"] = min.into();
        worker["maxReplicas"] = max.into();
    }
    if dice.one_in(6) {
        worker["numOfHosts"] = (*dice.pick(&[1, 2, 4])).into();
    }
    if dice.one_in(10) {
        worker["idleTimeoutSeconds"] = (*dice.pick(&[60, 0])).into();
    }
    worker
}

/// Returns the head, or a worker group without its name. At most one or two of its parts are unusual.
fn group(dice: &mut Dice, image: &str, version: &str) -> Value {
    let mut params = Map::new();
    let mut container = json!({"name": "ray", "image": image, "resources": {"limits": {"cpu": "1", "memory": "2Gi"}}});
    let mut group = json!({});
    let mut pod = json!({});
    for _ in 0..dice.below(3) {
        let resources = &mut container["resources"];
        match dice.below(13) {
            0 => drop(params.insert("num-cpus".into(), integer(dice))),
            1 => drop(params.insert("num-gpus".into(), integer(dice))),
            2 => drop(params.insert("memory".into(), integer(dice))),
            3 => drop(params.insert("resources".into(), map(dice).into())),
            4 => *resources = json!({}),
            5 => *resources = json!({"requests": {"cpu": quantity(dice), "memory": quantity(dice)}}),
            6 => {
                let list = *dice.pick(&["limits", "requests"]);
                let key = *dice.pick(&["cpu", "memory", "nvidia.com/gpu", "amd.com/gpu", "nvidia.com/mig-1g.5gb"]);
                resources[list][key] = quantity(dice);
            }
            // Old versions do not read them.
            7 | 8 if crate::minor(version) >= 51 || dice.one_in(20) => group["resources"] = own(dice),
            9 | 10 => tpus(dice, resources, &mut pod, &mut params),
            11 => {
                let (key, value) = dice.pick(LABELS);
                group["labels"] = json!({*key: value});
            }
            _ => drop(params.insert("metrics-export-port".into(), "8080".into())),
        }
    }
    pod["containers"] = json!([container]);
    group["template"] = json!({"spec": pod});
    match dice.below(24) {
        0 => {}
        1 => group["rayStartParams"] = Value::Null,
        _ => group["rayStartParams"] = params.into(),
    }
    group
}

fn map(dice: &mut Dice) -> &'static str {
    let maps = if dice.one_in(3) { UNFIT } else { MAPS };
    let map: &&str = dice.pick(maps);
    map
}

fn integer(dice: &mut Dice) -> Value {
    if dice.one_in(2) { "4".into() } else { (*dice.pick(INTEGERS)).into() }
}

fn quantity(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => (*dice.pick(CONTAINER_QUANTITIES)).into(),
        1 => (*dice.pick(&[1, 4, 0, -1])).into(),
        2 => Value::Null,
        _ => "2".into(),
    }
}

/// Returns the group's own `resources`.
fn own(dice: &mut Dice) -> Value {
    let mut own = Map::new();
    if !dice.one_in(4) {
        own.insert("CPU".into(), "4".into());
    }
    for _ in 0..dice.below(2) {
        let misspelled = ["cpu", "gpu", "Memory", "nvidia.com/gpu"];
        let names = ["CPU", "GPU", "memory", "TPU", "custom", "Custom", "node:a", ""];
        let name = if dice.one_in(30) { *dice.pick(&misspelled) } else { *dice.pick(&names) };
        let value = if dice.one_in(2) { "2" } else { *dice.pick(QUANTITIES) };
        own.insert(name.into(), value.into());
    }
    own.into()
}

fn tpus(dice: &mut Dice, resources: &mut Value, pod: &mut Value, params: &mut Map<String, Value>) {
    match dice.below(8) {
        0 => drop(params.insert("resources".into(), r#""{\"TPU\": 4}""#.into())),
        1 => resources["requests"] = json!({"google.com/tpu": quantity(dice)}),
        _ => resources["limits"]["google.com/tpu"] = "4".into(),
    }
    let mut selector = Map::new();
    if !dice.one_in(24) {
        let topology = if dice.one_in(2) { "2x2x1" } else { *dice.pick(TOPOLOGIES) };
        selector.insert("cloud.google.com/gke-tpu-topology".into(), topology.into());
    }
    if !dice.one_in(24) {
        selector.insert("cloud.google.com/gke-tpu-accelerator".into(), (*dice.pick(ACCELERATORS)).into());
    }
    if !selector.is_empty() {
        pod["nodeSelector"] = selector.into();
    }
}
