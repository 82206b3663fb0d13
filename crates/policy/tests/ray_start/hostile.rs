//! Large and odd parameters are read in a time that grows with their length, and without a panic.

use std::time::{Duration, Instant};

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use serde_json::{Map, Value, json};

/// The length of each object in bytes, about.
const LENGTH: usize = 2_000_000;

fn findings(groups: impl IntoIterator<Item = Map<String, Value>>) -> usize {
    let pod = json!({"spec": {"containers": [{"name": "r", "image": "rayproject/ray:2.60.0"}]}});
    let group = |params| json!({"groupName": "g", "rayStartParams": params, "template": pod});
    let workers: Vec<_> = groups.into_iter().map(group).collect();
    let spec = json!({"headGroupSpec": workers[0], "workerGroupSpecs": workers});
    let text = json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "spec": spec}).to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let object = RayObject::read(&json).expect("a RayCluster");
    let start = Instant::now();
    let findings = Policy::default().validate(&object, None).len();
    assert!(start.elapsed() < Duration::from_secs(40), "{:?} for {:.80}", start.elapsed(), text);
    findings
}

#[test]
fn hostile_parameters_take_linear_time() {
    let one = |name: &str, value: String| Map::from_iter([(name.to_owned(), Value::String(value))]);
    let many = |name: &dyn Fn(usize) -> String, count| (0..count).map(|index| (name(index), "x".into())).collect();
    let unknown: Map<_, _> = many(&|index| format!("unknown-{index}"), LENGTH / 20);
    assert!(findings([unknown]) > 0, "a command line that is too long for Linux is not read");
    for part in ["{a,b}", "{", "'{\"a\": 1}'", "a ", "$A", "\\", "\"", "é", "8080,", "a=b,", "[[", "1_"] {
        for name in
            ["resources", "labels", "worker-port-list", "num-cpus", "system-config", "temp-dir", "redis-shard-ports"]
        {
            findings([one(name, part.repeat(LENGTH / 40 / part.len()))]);
            let short = || one(name, part.repeat(900 / part.len()));
            findings((0..LENGTH / 4000).map(|_| short()));
        }
    }
    let groups = (0..200).map(|_| many(&|index| format!("num-cpu{index}"), 100));
    assert!(findings(groups) > 0);
    let resources: Vec<_> = (0..10_000).map(|index| format!("\"r{index}\": 0.5")).collect();
    findings([one("resources", format!("'{{{}}}'", resources[..5_000].join(", ")))]);
}
