//! A cluster's spec: one head group and its worker groups.

use super::{Container, Kind};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// The spec of a RayCluster, wherever it is embedded.
#[derive(Clone, Debug)]
pub struct ClusterSpec<'a> {
    kind: Kind,
    /// The spec itself.
    pub json: &'a Json<'a>,
    /// The head.
    pub head: Group<'a>,
    /// The worker groups, in order.
    pub workers: Vec<Group<'a>>,
}

impl<'a> ClusterSpec<'a> {
    /// Reads the spec of an object of this kind.
    pub(super) fn read(kind: Kind, object: &'a Json<'a>) -> Self {
        let json = object.descend(kind.cluster_spec_fields().iter().copied());
        let head = Group { kind, index: None, json: json.field("headGroupSpec") };
        let workers = json.field("workerGroupSpecs").items().iter().enumerate();
        let workers = workers.map(|(index, json)| Group { kind, index: Some(index), json }).collect();
        Self { kind, json, head, workers }
    }

    /// The path of the spec in its object.
    pub fn path(&self) -> FieldPath {
        FieldPath::of(self.kind.cluster_spec_fields().iter().copied())
    }

    /// Whether the object describes a cluster at all: a RayJob or RayCronJob may leave it to a `clusterSelector`.
    pub fn is_there(&self) -> bool {
        matches!(self.kind, Kind::RayCluster | Kind::RayService) || self.json.as_object().is_some()
    }

    /// The head, then the workers.
    pub fn groups(&self) -> impl Iterator<Item = &Group<'a>> {
        std::iter::once(&self.head).chain(&self.workers)
    }
}

/// A group of like Pods: the head (of which there is one), or workers.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    kind: Kind,
    index: Option<usize>,
    /// The group's own spec, `headGroupSpec` or an item of `workerGroupSpecs`.
    pub json: &'a Json<'a>,
}

impl<'a> Group<'a> {
    /// The place among the worker groups; `None` for the head.
    pub fn index(&self) -> Option<usize> {
        self.index
    }

    /// Whether this is the head's group.
    pub fn is_head(&self) -> bool {
        self.index.is_none()
    }

    /// A worker group's name, if it has one.
    pub fn name(&self) -> Option<&'a str> {
        self.json.field("groupName").as_nonempty_str()
    }

    /// The group as a sentence names it.
    pub fn role(&self) -> &'static str {
        if self.is_head() { "the head" } else { "the workers" }
    }

    /// The group's path.
    pub fn path(&self) -> FieldPath {
        let cluster = FieldPath::of(self.kind.cluster_spec_fields().iter().copied());
        match self.index {
            None => cluster.field("headGroupSpec"),
            Some(index) => cluster.field("workerGroupSpecs").index(index),
        }
    }

    /// The values given to `ray start`, by name.
    pub fn ray_start_params(&self) -> impl Iterator<Item = (&'a str, &'a Json<'a>)> {
        self.json.field("rayStartParams").entries().iter().map(|(name, value)| (&**name, value))
    }

    /// A value given to `ray start`.
    pub fn ray_start_param(&self, name: &str) -> Option<&'a str> {
        self.json.field("rayStartParams").field(name).as_str()
    }

    /// The path of a value given to `ray start`.
    pub fn ray_start_param_path(&self, name: &str) -> FieldPath {
        self.path().field("rayStartParams").key(name)
    }

    /// The Pod template's spec.
    pub fn pod_spec(&self) -> &'a Json<'a> {
        self.json.descend(["template", "spec"])
    }

    /// What is done with the Pod's containers when they end, if the Pod template says it.
    pub fn restart_policy(&self) -> Option<&'a str> {
        self.pod_spec().field("restartPolicy").as_nonempty_str()
    }

    /// The path of what is done when containers end.
    pub fn restart_policy_path(&self) -> FieldPath {
        self.path().fields(["template", "spec", "restartPolicy"])
    }

    /// The resources that the group is said to have, whatever its Pods have.
    pub fn has_resources(&self) -> bool {
        !self.json.field("resources").entries().is_empty()
    }

    /// An annotation of the Pod template.
    pub fn pod_annotation(&self, key: &str) -> Option<&'a str> {
        self.json.descend(["template", "metadata", "annotations"]).field(key).as_str()
    }

    /// The containers of the Pod template.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> {
        let group = *self;
        let items = self.pod_spec().field("containers").items().iter().enumerate();
        items.map(move |(index, json)| Container { group, index, json })
    }

    /// The container that runs Ray: for KubeRay the first one, whatever it is called
    /// (`RayContainerIndex`, ray-operator/controllers/ray/utils/constant.go:50).
    pub fn ray_container(&self) -> Option<Container<'a>> {
        self.containers().next()
    }
}
