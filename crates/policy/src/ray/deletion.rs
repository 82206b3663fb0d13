//! The deletion policies of a job, which apply after it has ended.

use super::RayObject;

/// The policy that deletes the workers of the job's cluster.
pub const DELETE_WORKERS: &str = "DeleteWorkers";
/// The policy that deletes the job's cluster.
pub const DELETE_CLUSTER: &str = "DeleteCluster";
/// The policy that deletes the job, and the cluster with it.
pub const DELETE_SELF: &str = "DeleteSelf";
/// The policy that deletes nothing.
pub const DELETE_NONE: &str = "DeleteNone";

/// Why KubeRay cannot apply a deletion policy to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionObstacle {
    /// The job selects an existing cluster.
    Selected,
    /// The cluster has an autoscaler, which manages the workers.
    Autoscaled,
}

impl RayObject<'_> {
    /// Returns why KubeRay cannot apply a deletion policy to the job; `None` if it can.
    pub fn deletion_obstacle(&self, policy: &str) -> Option<DeletionObstacle> {
        let is_of_cluster = [DELETE_WORKERS, DELETE_CLUSTER].contains(&policy);
        if is_of_cluster && self.job().is_some_and(|job| job.selects_cluster()) {
            Some(DeletionObstacle::Selected)
        } else {
            (policy == DELETE_WORKERS && self.cluster.is_autoscaling()).then_some(DeletionObstacle::Autoscaled)
        }
    }
}

impl DeletionObstacle {
    /// Returns the message of a finding: what is wrong.
    pub fn message(self) -> &'static str {
        match self {
            Self::Selected => "KubeRay deletes neither a cluster that the job selects nor its workers",
            Self::Autoscaled => "KubeRay does not delete the workers of a cluster with an autoscaler",
        }
    }

    /// Returns the help of a finding: what to write instead.
    pub fn help(self) -> &'static str {
        match self {
            Self::Selected => "write DeleteSelf or DeleteNone",
            Self::Autoscaled => "write DeleteCluster, or remove enableInTreeAutoscaling",
        }
    }
}
