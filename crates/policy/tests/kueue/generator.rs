//! Generated objects in and out of queues of Kueue, and updates of them.

use rayguard_test_support::dice::Dice;
use serde_json::{Value, json};

/// A new object, or an update of an old one.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) object: Value,
    pub(crate) old: Option<Value>,
}

impl Case {
    /// Returns the case as the Go program reads it, on one line.
    pub(crate) fn line(&self) -> String {
        json!({"object": self.object, "old": self.old}).to_string()
    }

    /// Returns the case of an index. Equal seeds and indexes give equal cases.
    pub(crate) fn new(seed: u64, index: usize) -> Self {
        let mut dice = Dice::new(seed, index as u64);
        let object = object(&mut dice);
        let old = dice.one_in(4).then(|| {
            let mut old = object.clone();
            for _ in 0..=dice.below(2) {
                let key =
                    *dice.pick(&["queue-name", "prebuilt-workload-name", "max-exec-time-seconds", "priority-class"]);
                set_label(&mut old, &mut dice, key);
            }
            if dice.one_in(3) {
                suspend(&mut old, &mut dice);
            }
            old
        });
        Self { object, old }
    }
}

fn object(dice: &mut Dice) -> Value {
    let cluster = cluster(dice);
    let (kind, spec) = match dice.below(3) {
        0 => ("RayCluster", cluster),
        1 => ("RayService", json!({"serveConfigV2": "applications: []", "rayClusterConfig": cluster})),
        _ => ("RayJob", job(dice, &cluster)),
    };
    let metadata = json!({"name": "c", "namespace": "n", "labels": {}, "annotations": {}});
    let mut object = json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": metadata, "spec": spec});
    if !dice.one_in(5) {
        object["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "team-a".into();
    }
    if dice.one_in(4) {
        let key = *dice.pick(&["queue-name", "prebuilt-workload-name", "max-exec-time-seconds", "priority-class"]);
        set_label(&mut object, dice, key);
    }
    if dice.one_in(8) {
        let value = *dice.pick(&["true", "True", ""]);
        object["metadata"]["annotations"]["kueue.x-k8s.io/elastic-job"] = value.into();
    }
    if dice.one_in(4) {
        suspend(&mut object, dice);
    }
    object
}

fn job(dice: &mut Dice, cluster: &Value) -> Value {
    let mut job = json!({"entrypoint": "python job.py", "rayClusterSpec": cluster, "submissionMode": "K8sJobMode"});
    if !dice.one_in(6) {
        job["shutdownAfterJobFinishes"] = (!dice.one_in(6)).into();
    }
    if dice.one_in(8) {
        job["clusterSelector"] = json!({"ray.io/cluster": "other"});
    }
    if dice.one_in(10) {
        job.as_object_mut().expect("a map").remove("rayClusterSpec");
    }
    if dice.one_in(4) {
        job["submissionMode"] = (*dice.pick(&["K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"])).into();
    }
    if dice.one_in(4) {
        let metadata = json!({"annotations": annotations(dice)});
        job["submitterPodTemplate"] = json!({"metadata": metadata, "spec": {"containers": [{"name": "submitter"}]}});
    }
    job
}

fn cluster(dice: &mut Dice) -> Value {
    let template = |name: &str, annotations: Value| json!({"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": name, "image": "rayproject/ray:2.52.0"}]}});
    let annotated = |dice: &mut Dice| if dice.one_in(3) { annotations(dice) } else { json!({}) };
    let head = json!({"rayStartParams": {}, "template": template("ray-head", annotated(dice))});
    let count = if dice.one_in(12) { 6 + dice.below(4) } else { dice.below(3) };
    let groups: Vec<_> = (0..count)
        .map(|index| {
            let name = if dice.one_in(20) { "head".to_owned() } else { format!("group-{index}") };
            let mut group = json!({"groupName": name, "rayStartParams": {}, "minReplicas": 0, "maxReplicas": 9,
                "template": template("ray-worker", annotated(dice))});
            if !dice.one_in(4) {
                group["replicas"] = dice.below(5).into();
            }
            if dice.one_in(3) {
                group["numOfHosts"] = (1 + dice.below(3)).into();
            }
            group
        })
        .collect();
    let mut cluster = json!({"headGroupSpec": head, "workerGroupSpecs": groups});
    if dice.one_in(5) {
        cluster["enableInTreeAutoscaling"] = (!dice.one_in(4)).into();
    }
    cluster
}

/// Returns annotations for topology-aware scheduling: mostly one, and sometimes several that fit or do not.
fn annotations(dice: &mut Dice) -> Value {
    const LEVELS: [&str; 5] = ["kubernetes.io/hostname", "kubernetes.io/hostname", "cloud/block", "", "a b"];
    let mut all = json!({});
    let count = 1 + dice.below(4);
    for _ in 0..count {
        let (key, value) = match dice.below(9) {
            0 | 1 => ("podset-required-topology", *dice.pick(&LEVELS)),
            2 | 3 => ("podset-preferred-topology", *dice.pick(&LEVELS)),
            4 => ("podset-unconstrained-topology", *dice.pick(&["true", "false", "yes", "T", "tRUE", ""])),
            5 => ("podset-slice-required-topology", *dice.pick(&LEVELS)),
            6 => (
                "podset-slice-size",
                *dice.pick(&["1", "2", "3", "+2", "0", "-1", "8", "two", "", "2147483648", "1.0"]),
            ),
            _ => ("podset-group-name", *dice.pick(&["pair", "pair", "other", "7", "+7", ""])),
        };
        all[format!("kueue.x-k8s.io/{key}")] = value.into();
    }
    all
}

fn set_label(object: &mut Value, dice: &mut Dice, key: &str) {
    let values: &[&str] = match key {
        "queue-name" => &["team-a", "team-b", "", "Team_B", "a.b"],
        "max-exec-time-seconds" => &["60", "+5", "0", "-1", "1h", "", "9223372036854775808"],
        "priority-class" => &["high", "low", ""],
        _ => &["w", "W_", "", "a.b"],
    };
    let labels = object["metadata"]["labels"].as_object_mut().expect("a map");
    let key = format!("kueue.x-k8s.io/{key}");
    if dice.one_in(4) {
        labels.remove(&key);
    } else {
        labels.insert(key, (*dice.pick(values)).into());
    }
}

fn suspend(object: &mut Value, dice: &mut Dice) {
    let is_service = object["kind"] == "RayService";
    let spec = if is_service { &mut object["spec"]["rayClusterConfig"] } else { &mut object["spec"] };
    spec["suspend"] = (!dice.one_in(3)).into();
}
