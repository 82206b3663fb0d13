//! One question to both sides: an object, and the feature gates of the operator that is to judge it.

use std::fmt;

use rayguard_manifest::path::FieldPath;
use rayguard_policy::kuberay::FeatureGate;
use rayguard_policy::ray::Kind;
use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// The gates that KubeRay 1.6 has and that change a verdict.
pub const GATES: [FeatureGate; 2] = [FeatureGate::RayJobDeletionPolicy, FeatureGate::RayServiceIncrementalUpgrade];

#[derive(Clone, Debug)]
pub struct Case {
    /// The gates that the operator was told to open or to close.
    pub gates: Vec<(FeatureGate, bool)>,
    pub object: Value,
    /// What was done to the object, for people.
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

    /// The question as the Go program reads it, one line.
    pub fn question(&self) -> String {
        let gates = self.gates.iter().map(|(gate, open)| (gate.as_str().to_owned(), (*open).into()));
        let gates: Map<_, _> = gates.collect();
        json!({"gates": gates, "object": self.object}).to_string()
    }

    /// Where a place is in this kind of object, as a JSON Pointer; `None` if it has no such place.
    pub fn place(&self, place: Place, dice: &mut Dice) -> Option<String> {
        let kind = self.kind();
        let cluster = FieldPath::of(kind.cluster_spec_fields().iter().copied()).to_pointer();
        let has_cluster = self.object.pointer(&cluster).is_some_and(Value::is_object);
        match place {
            Place::Metadata => Some("/metadata".to_owned()),
            Place::Status => Some("/status".to_owned()),
            Place::Cluster => has_cluster.then_some(cluster),
            Place::RayCluster => (kind == Kind::RayCluster).then(|| "/spec".to_owned()),
            Place::Head => has_cluster.then(|| format!("{cluster}/headGroupSpec")),
            Place::Ray => {
                let container = format!("{cluster}/headGroupSpec/template/spec/containers/0");
                self.object.pointer(&container).is_some().then_some(container)
            }
            Place::Group => {
                let groups = self.object.pointer(&format!("{cluster}/workerGroupSpecs"))?.as_array()?.len();
                (groups > 0).then(|| format!("{cluster}/workerGroupSpecs/{}", dice.below(groups)))
            }
            Place::Service => (kind == Kind::RayService).then(|| "/spec".to_owned()),
            Place::Job => match kind {
                Kind::RayJob => Some("/spec".to_owned()),
                Kind::RayCronJob => Some("/spec/jobTemplate".to_owned()),
                _ => None,
            },
            Place::CronJob => (kind == Kind::RayCronJob).then(|| "/spec".to_owned()),
        }
    }

    /// Gives a field another value, or takes it away where that is `null`. Of a list, `-` is the place behind its end,
    /// and `+` one before.
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

    /// The map or list at a place, which is made if there is nothing.
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
pub enum Place {
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
    /// The spec of a RayJob, or of that which a RayCronJob makes
    Job,
    /// The spec of a RayCronJob
    CronJob,
}
