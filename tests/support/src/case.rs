//! A case for both sides: an object, and the feature gates of the operator that checks it.

use std::fmt;

use rayguard_manifest::path::FieldPath;
use rayguard_policy::kuberay::FeatureGate;
use rayguard_policy::kuberay::Kind;
use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// The gates of KubeRay 1.6 that change a verdict.
pub const GATES: [FeatureGate; 2] = [FeatureGate::RayJobDeletionPolicy, FeatureGate::RayServiceIncrementalUpgrade];

#[derive(Clone, Debug)]
pub struct Case {
    /// The gates that are set explicitly, and whether they are open.
    pub gates: Vec<(FeatureGate, bool)>,
    pub object: Value,
    /// Descriptions of the changes to the object, for reports.
    pub changes: Vec<String>,
}

impl Case {
    pub fn new(gates: Vec<(FeatureGate, bool)>, object: Value) -> Self {
        Self { gates, object, changes: Vec::new() }
    }

    pub fn kind(&self) -> Kind {
        let kind = self.object["kind"].as_str().unwrap_or_default();
        Kind::of("ray.io/v1", kind).unwrap_or_else(|| panic!("{kind} is no kind of KubeRay's"))
    }

    /// Returns the case as the Go program reads it, on one line.
    pub fn request_line(&self) -> String {
        let gates = self.gates.iter().map(|(gate, open)| (gate.as_str().to_owned(), (*open).into()));
        let gates: Map<_, _> = gates.collect();
        json!({"gates": gates, "object": self.object}).to_string()
    }

    /// Returns the JSON Pointer of a section in this kind of object; `None` if it has no such section.
    pub fn pointer_to(&self, section: Section, dice: &mut Dice) -> Option<String> {
        let kind = self.kind();
        let cluster = FieldPath::of(kind.cluster_spec_fields().iter().copied()).to_pointer();
        let has_cluster = self.object.pointer(&cluster).is_some_and(Value::is_object);
        match section {
            Section::Metadata => Some("/metadata".to_owned()),
            Section::Status => Some("/status".to_owned()),
            Section::Cluster => has_cluster.then_some(cluster),
            Section::RayCluster => (kind == Kind::RayCluster).then(|| "/spec".to_owned()),
            Section::Head => has_cluster.then(|| format!("{cluster}/headGroupSpec")),
            Section::Ray => {
                let container = format!("{cluster}/headGroupSpec/template/spec/containers/0");
                self.object.pointer(&container).is_some().then_some(container)
            }
            Section::Group => {
                let groups = self.object.pointer(&format!("{cluster}/workerGroupSpecs"))?.as_array()?.len();
                (groups > 0).then(|| format!("{cluster}/workerGroupSpecs/{}", dice.below(groups)))
            }
            Section::Service => (kind == Kind::RayService).then(|| "/spec".to_owned()),
            Section::Job => match kind {
                Kind::RayJob => Some("/spec".to_owned()),
                Kind::RayCronJob => Some("/spec/jobTemplate".to_owned()),
                _ => None,
            },
            Section::CronJob => (kind == Kind::RayCronJob).then(|| "/spec".to_owned()),
        }
    }

    /// Sets a field, or removes it if the value is `null`. In a list, `-` appends the value and `+` prepends it.
    pub fn set(&mut self, pointer: &str, value: Value) {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer below the root");
        let name = name.replace("~1", "/").replace("~0", "~");
        match self.entry(parent, name == "-" || name == "+") {
            Value::Array(items) => match &*name {
                "-" => items.push(value),
                "+" => items.insert(0, value),
                index => *items.get_mut(index.parse::<usize>().expect("an index")).expect("an item") = value,
            },
            Value::Object(fields) if value.is_null() => drop(fields.remove(&name)),
            Value::Object(fields) => drop(fields.insert(name, value)),
            scalar => panic!("{parent} is {scalar}"),
        }
    }

    /// Returns the map or list at a pointer, which is created if it does not exist.
    fn entry(&mut self, pointer: &str, is_list: bool) -> &mut Value {
        let mut here = &mut self.object;
        for name in pointer.split('/').skip(1) {
            let name = name.replace("~1", "/").replace("~0", "~");
            if here.is_null() {
                *here = json!({});
            }
            here = match here {
                Value::Array(items) => items.get_mut(name.parse::<usize>().expect("an index")).expect("an item"),
                Value::Object(fields) => fields.entry(name).or_insert(Value::Null),
                scalar => panic!("{pointer} leads through {scalar}"),
            };
        }
        if here.is_null() {
            *here = if is_list { json!([]) } else { json!({}) };
        }
        here
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.object.to_string();
        let json = serde_json::from_str(&text).map_err(|_| fmt::Error)?;
        writeln!(formatter, "# changes: {}", self.changes.join("; "))?;
        writeln!(formatter, "# gates: {:?}", self.gates)?;
        formatter.write_str(&rayguard_manifest::yaml::to_string(&json)?)
    }
}

/// A part of an object that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The object's metadata
    Metadata,
    /// The object's status
    Status,
    /// The spec of the cluster, in any kind
    Cluster,
    /// The spec of a RayCluster
    RayCluster,
    /// The head group
    Head,
    /// The head's first container
    Ray,
    /// A worker group
    Group,
    /// The spec of a RayService
    Service,
    /// The spec of a RayJob, or the job template of a RayCronJob
    Job,
    /// The spec of a RayCronJob
    CronJob,
}
