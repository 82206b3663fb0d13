//! The spec of a job, without its cluster: that of a RayJob, or the job template of a RayCronJob.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::{Kind, RayObject};

/// The spec of a job.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    fields: &'static [&'static str],
    /// The spec itself.
    pub json: &'a Json<'a>,
}

impl<'a> RayObject<'a> {
    /// Returns the job of a RayJob, or the job template of a RayCronJob; `None` for the other kinds.
    pub fn job(&self) -> Option<Job<'a>> {
        let fields = self.kind.job_spec_fields()?;
        Some(Job { fields, json: self.json.descend(fields.iter().copied()) })
    }
}

impl Kind {
    /// Returns the path of the job's spec in an object of this kind; `None` if the kind has none.
    pub fn job_spec_fields(self) -> Option<&'static [&'static str]> {
        match self {
            Kind::RayJob => Some(&["spec"]),
            Kind::RayCronJob => Some(&["spec", "jobTemplate"]),
            Kind::RayCluster | Kind::RayService => None,
        }
    }
}

impl<'a> Job<'a> {
    /// Returns the path of the spec in its object.
    pub fn path(&self) -> FieldPath {
        FieldPath::of(self.fields.iter().copied())
    }

    /// Returns a string of the spec; empty if it is missing, as in Go.
    pub fn text(&self, field: &str) -> &'a str {
        self.json.field(field).as_str().unwrap_or_default()
    }

    /// Returns a whole number of the spec; `None` if it is missing.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.json.field(field).as_i64()
    }

    /// Reports whether the spec has a map of this name, even an empty one.
    pub fn has_map(&self, field: &str) -> bool {
        self.json.field(field).as_object().is_some()
    }

    /// Reports whether a boolean of the spec is `true`.
    pub fn is_on(&self, field: &str) -> bool {
        self.json.field(field).as_bool() == Some(true)
    }

    /// Reports whether the job selects an existing cluster.
    pub fn selects_cluster(&self) -> bool {
        !self.json.field("clusterSelector").entries().is_empty()
    }

    /// Returns the deletion rules, which apply after the job has ended. KubeRay rejects `shutdownAfterJobFinishes` next
    /// to them.
    pub fn deletion_rules(&self) -> &'a [Json<'a>] {
        self.json.descend(["deletionStrategy", "deletionRules"]).items()
    }

    /// Returns the submission mode; empty if it is missing, for which the API server writes the default `K8sJobMode`.
    pub fn submission_mode(&self) -> &'a str {
        self.text("submissionMode")
    }
}
