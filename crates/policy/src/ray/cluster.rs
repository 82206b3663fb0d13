//! A cluster's spec: the head group and the worker groups.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::{Container, Kind};

/// The spec of a RayCluster, or of the cluster of another kind.
#[derive(Clone, Debug)]
pub struct ClusterSpec<'a> {
    kind: Kind,
    /// The spec itself.
    pub json: &'a Json<'a>,
    /// The head group.
    pub head: Group<'a>,
    /// The worker groups, in the order of the object.
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

    /// Returns the path of the spec in its object.
    pub fn path(&self) -> FieldPath {
        FieldPath::of(self.kind.cluster_spec_fields().iter().copied())
    }

    /// Reports whether the object has a cluster. A RayJob or RayCronJob may have a `clusterSelector` instead.
    pub fn exists(&self) -> bool {
        matches!(self.kind, Kind::RayCluster | Kind::RayService) || self.json.as_object().is_some()
    }

    /// Returns the head group and then the worker groups.
    pub fn groups(&self) -> impl Iterator<Item = &Group<'a>> {
        std::iter::once(&self.head).chain(&self.workers)
    }
}

/// A group of Pods with one template: the head or a group of workers.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    kind: Kind,
    index: Option<usize>,
    /// The group's spec: `headGroupSpec` or an item of `workerGroupSpecs`.
    pub json: &'a Json<'a>,
}

impl<'a> Group<'a> {
    /// Returns the index among the worker groups; `None` for the head.
    pub fn index(&self) -> Option<usize> {
        self.index
    }

    /// Reports whether this is the head group.
    pub fn is_head(&self) -> bool {
        self.index.is_none()
    }

    /// Returns the name of a worker group; `None` if it is missing or empty.
    pub fn name(&self) -> Option<&'a str> {
        self.json.field("groupName").as_nonempty_str()
    }

    /// Returns the group as a noun for messages: `the head` or `the workers`.
    pub fn role(&self) -> &'static str {
        if self.is_head() { "the head" } else { "the workers" }
    }

    /// Returns the path of the group.
    pub fn path(&self) -> FieldPath {
        let cluster = FieldPath::of(self.kind.cluster_spec_fields().iter().copied());
        match self.index {
            None => cluster.field("headGroupSpec"),
            Some(index) => cluster.field("workerGroupSpecs").index(index),
        }
    }

    /// Returns the parameters of `ray start` with their names.
    pub fn ray_start_params(&self) -> impl Iterator<Item = (&'a str, &'a Json<'a>)> {
        self.json.field("rayStartParams").entries().iter().map(|(name, value)| (&**name, value))
    }

    /// Returns a parameter of `ray start`.
    pub fn ray_start_param(&self, name: &str) -> Option<&'a str> {
        self.json.field("rayStartParams").field(name).as_str()
    }

    /// Returns the path of a parameter of `ray start`.
    pub fn ray_start_param_path(&self, name: &str) -> FieldPath {
        self.path().field("rayStartParams").key(name)
    }

    /// Returns the spec of the Pod template.
    pub fn pod_spec(&self) -> &'a Json<'a> {
        self.json.descend(["template", "spec"])
    }

    /// Returns the restart policy of the Pod template; `None` if it is not set.
    pub fn restart_policy(&self) -> Option<&'a str> {
        self.pod_spec().field("restartPolicy").as_nonempty_str()
    }

    /// Returns the path of the restart policy.
    pub fn restart_policy_path(&self) -> FieldPath {
        self.path().fields(["template", "spec", "restartPolicy"])
    }

    /// Reports whether the group sets `resources`, independent of the resources of its Pods.
    pub fn has_resources(&self) -> bool {
        !self.json.field("resources").entries().is_empty()
    }

    /// Reports whether the group has 0 CPUs for Ray, by its start parameter or by the group's resources. KubeRay ignores
    /// the case of resource names (ray-operator/controllers/ray/common/pod.go:1665).
    pub fn has_no_cpus(&self) -> bool {
        let is_zero = |value: &str| value.trim_matches(['"', '\'', ' ']) == "0";
        let mut resources = self.json.field("resources").entries().iter();
        match resources.find(|(name, _)| name.eq_ignore_ascii_case("cpu")).and_then(|(_, cpus)| cpus.as_str()) {
            Some(cpus) => is_zero(cpus),
            None => self.ray_start_param("num-cpus").is_some_and(is_zero),
        }
    }

    /// Returns the value of an annotation of the Pod template.
    pub fn pod_annotation(&self, key: &str) -> Option<&'a str> {
        self.json.descend(["template", "metadata", "annotations"]).field(key).as_str()
    }

    /// Returns the containers of the Pod template.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> {
        let group = *self;
        let items = self.pod_spec().field("containers").items().iter().enumerate();
        items.map(move |(index, json)| Container { group, index, json })
    }

    /// Returns the container that runs Ray. For KubeRay this is the first one, independent of its name
    /// (`RayContainerIndex`, ray-operator/controllers/ray/utils/constant.go:50).
    pub fn ray_container(&self) -> Option<Container<'a>> {
        self.containers().next()
    }
}
