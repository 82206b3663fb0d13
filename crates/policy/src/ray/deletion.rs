//! What a job can delete once it is done.

use super::RayObject;

/// The policy that deletes the workers of the job's cluster.
pub const DELETE_WORKERS: &str = "DeleteWorkers";
/// The policy that deletes the job's cluster.
pub const DELETE_CLUSTER: &str = "DeleteCluster";
/// The policy that deletes the job, and the cluster with it.
pub const DELETE_SELF: &str = "DeleteSelf";
/// The policy that deletes nothing.
pub const DELETE_NONE: &str = "DeleteNone";

/// Why a job cannot delete what a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The cluster was there before the job.
    Selected,
    /// The autoscaler keeps the workers.
    Autoscaled,
}

impl RayObject<'_> {
    /// Why a job cannot delete what a policy says, if it cannot.
    pub fn deletion_obstacle(&self, policy: &str) -> Option<Obstacle> {
        let is_of_cluster = [DELETE_WORKERS, DELETE_CLUSTER].contains(&policy);
        if is_of_cluster && self.job().is_some_and(|job| job.selects_cluster()) {
            Some(Obstacle::Selected)
        } else {
            (policy == DELETE_WORKERS && self.cluster.is_autoscaling()).then_some(Obstacle::Autoscaled)
        }
    }
}

impl Obstacle {
    /// What is wrong.
    pub fn message(self) -> &'static str {
        match self {
            Self::Selected => "KubeRay deletes neither a cluster that the job selects nor its workers",
            Self::Autoscaled => "KubeRay does not delete the workers of a cluster with an autoscaler",
        }
    }

    /// What to write instead.
    pub fn help(self) -> &'static str {
        match self {
            Self::Selected => "write DeleteSelf or DeleteNone",
            Self::Autoscaled => "write DeleteCluster, or remove enableInTreeAutoscaling",
        }
    }
}
