//! What Kueue reads of an object: its labels, and the sets of Pods that it admits together.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::{Group, Kind, RayObject};

/// The label that puts an object into a queue of Kueue.
pub const QUEUE_LABEL: &str = "kueue.x-k8s.io/queue-name";
/// The label that names an existing Workload for an object.
pub const PREBUILT_WORKLOAD_LABEL: &str = "kueue.x-k8s.io/prebuilt-workload-name";
/// The label that limits how long an object runs, in seconds.
pub const MAX_EXEC_TIME_LABEL: &str = "kueue.x-k8s.io/max-exec-time-seconds";
/// The label that names a `WorkloadPriorityClass`.
pub const PRIORITY_CLASS_LABEL: &str = "kueue.x-k8s.io/priority-class";
/// The annotation of an object whose number of Pods may change while it runs. It has an effect only with Kueue's feature
/// gate `ElasticJobsViaWorkloadSlices`, which is off by default (Kueue 0.17.0,
/// `pkg/features/kube_features.go:436`).
pub const ELASTIC_JOB_ANNOTATION: &str = "kueue.x-k8s.io/elastic-job";

impl<'a> RayObject<'a> {
    /// Reports whether Kueue has a webhook for objects of this kind (Kueue 0.17.0, `pkg/controller/jobs`).
    pub fn is_known_to_kueue(&self) -> bool {
        self.kind != Kind::RayCronJob
    }

    /// Returns a label of the object.
    pub fn label(&self, key: &str) -> Option<&'a str> {
        self.json.descend(["metadata", "labels"]).field(key).as_str()
    }

    /// Returns the path of a label.
    pub fn label_path(key: &str) -> FieldPath {
        FieldPath::of(["metadata", "labels"]).key(key)
    }

    /// Returns the queue of the object; `None` for an object that Kueue does not manage, unless it manages objects without
    /// a queue.
    pub fn kueue_queue(&self) -> Option<&'a str> {
        self.label(QUEUE_LABEL).filter(|queue| !queue.is_empty() && self.is_known_to_kueue())
    }

    /// Reports whether the object declares that its number of Pods may change.
    pub fn is_elastic_for_kueue(&self) -> bool {
        self.annotation(ELASTIC_JOB_ANNOTATION) == Some("true")
    }

    /// Reports whether the object is suspended, so that Kueue lets its labels change.
    pub fn is_suspended_for_kueue(&self) -> bool {
        let suspend = match self.kind {
            Kind::RayService => self.cluster.json.field("suspend"),
            _ => self.json.descend(["spec", "suspend"]),
        };
        suspend.as_bool() == Some(true)
    }
}

/// Pods of one template that Kueue admits together.
#[derive(Clone, Debug)]
pub struct PodSet<'a> {
    /// The metadata of the Pod template.
    pub metadata: &'a Json<'a>,
    /// The path of the metadata.
    pub path: FieldPath,
    /// The number of Pods.
    pub count: i64,
    /// Whether this is the submitter of a RayJob, of which Kueue checks less.
    pub is_submitter: bool,
}

impl<'a> RayObject<'a> {
    /// Returns the sets of Pods of the object (`BuildPodSets` in `pkg/controller/jobs/raycluster/common.go`
    /// of Kueue 0.17.0):
    /// the head, each worker group, and the submitter of a RayJob in `K8sJobMode`.
    pub fn pod_sets(&self) -> Vec<PodSet<'a>> {
        let mut sets: Vec<_> = self.cluster.groups().map(PodSet::of_group).collect();
        let job = self.json.field("spec");
        let mode = job.field("submissionMode").as_nonempty_str();
        if self.kind == Kind::RayJob && mode.is_none_or(|mode| mode == "K8sJobMode") {
            let template = ["submitterPodTemplate", "metadata"];
            let path = FieldPath::of(["spec"]).fields(template);
            sets.push(PodSet { metadata: job.descend(template), path, count: 1, is_submitter: true });
        }
        sets
    }
}

impl<'a> PodSet<'a> {
    fn of_group(group: &Group<'a>) -> Self {
        let number = |field: &str| group.json.field(field).as_i64();
        let hosts = number("numOfHosts").unwrap_or(1).max(1);
        let count = if group.is_head() { 1 } else { number("replicas").unwrap_or(1).saturating_mul(hosts) };
        Self {
            metadata: group.json.descend(["template", "metadata"]),
            path: group.path().fields(["template", "metadata"]),
            count,
            is_submitter: false,
        }
    }

    /// Returns an annotation of the Pods.
    pub fn annotation(&self, key: &str) -> Option<&'a str> {
        self.metadata.field("annotations").field(key).as_str()
    }

    /// Returns the path of an annotation.
    pub fn annotation_path(&self, key: &str) -> FieldPath {
        self.path.clone().field("annotations").key(key)
    }
}
