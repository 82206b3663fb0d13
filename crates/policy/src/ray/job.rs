//! What a RayJob asks for beside its cluster, or a RayCronJob in the template of its jobs.

use super::{Kind, RayObject};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// A job's spec, wherever it lies.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    fields: &'static [&'static str],
    /// The spec itself.
    pub json: &'a Json<'a>,
}

impl<'a> RayObject<'a> {
    /// The job that a RayJob is or a RayCronJob makes; `None` for the other kinds.
    pub fn job(&self) -> Option<Job<'a>> {
        let fields = self.kind.job_spec_fields()?;
        Some(Job { fields, json: self.json.descend(fields.iter().copied()) })
    }
}

impl Kind {
    /// Where in the object the job's spec lies, if it has one.
    pub fn job_spec_fields(self) -> Option<&'static [&'static str]> {
        match self {
            Kind::RayJob => Some(&["spec"]),
            Kind::RayCronJob => Some(&["spec", "jobTemplate"]),
            Kind::RayCluster | Kind::RayService => None,
        }
    }
}

impl<'a> Job<'a> {
    /// The path of the spec in its object.
    pub fn path(&self) -> FieldPath {
        FieldPath::of(self.fields.iter().copied())
    }

    /// A text of the spec; empty where there is none, as Go has it.
    pub fn text(&self, field: &str) -> &'a str {
        self.json.field(field).as_str().unwrap_or_default()
    }

    /// A whole number of the spec, if there is one.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.json.field(field).as_i64()
    }

    /// Whether the spec has a map of this name, be it empty.
    pub fn has_map(&self, field: &str) -> bool {
        self.json.field(field).as_object().is_some()
    }

    /// Whether a switch of the spec is on.
    pub fn is_on(&self, field: &str) -> bool {
        self.json.field(field).as_bool() == Some(true)
    }

    /// Whether the job runs on a cluster that is there already.
    pub fn selects_cluster(&self) -> bool {
        !self.json.field("clusterSelector").entries().is_empty()
    }

    /// The rules by which something is deleted after the job. Beside them KubeRay takes no `shutdownAfterJobFinishes`.
    pub fn deletion_rules(&self) -> &'a [Json<'a>] {
        self.json.descend(["deletionStrategy", "deletionRules"]).items()
    }

    /// How the job reaches its cluster; empty where nothing is said, which the API server makes `K8sJobMode`.
    pub fn submission_mode(&self) -> &'a str {
        self.text("submissionMode")
    }
}
