//! Names, annotations, and fields that only the operator writes.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    vec![
        mutation!(Metadata "/name" = (Name)).often(),
        mutation!(Metadata "/name" = ["a".repeat(47), "a".repeat(48), "a".repeat(53), "a".repeat(54)]).often(),
        mutation!(Metadata "/name" = [null], Metadata "/generateName" = ["c-", "C-", "1-"]),
        mutation!(Metadata "/annotations/ray.io~1initializing-timeout" = (Duration)).often(),
        mutation!(Metadata "/annotations/ray.io~1initializing-timeout" = ["-1", "-300", "1", "0", "+1", "-0", "-1s"])
            .often(),
        mutation!(Metadata "/annotations" = [null, {}, {"ray.io/initializing-timeout": "0"}, {"ray.io/initializing-timeout": "-1s"}]),
        mutation!(Cluster "/upgradeStrategy/type" = ["Recreate", "None", "", "recreate", "NewCluster", "Other", null]),
        mutation!(RayCluster "/upgradeStrategy/type" = ["Recreate", "None", "", "recreate", "NewCluster", "Other", null]),
        // A RayCluster that a RayJob or RayService creates must not have an upgrade strategy.
        mutation!(
            Metadata "/labels/ray.io~1originated-from-crd" = ["RayJob", "RayService", "RayCluster", "rayjob", "", "Other", null],
            RayCluster "/upgradeStrategy/type" = ["Recreate", "None", "Other", null],
        ),
        mutation!(
            Metadata "/labels/ray.io~1originated-from-crd" = ["RayJob", "RayService"],
            RayCluster "/upgradeStrategy/type" = ["Recreate", "None"],
        ),
        mutation!(Status "/conditions" = [
            [{"type": "RayClusterSuspending", "status": "True"}, {"type": "RayClusterSuspended", "status": "True"}],
            [{"type": "RayClusterSuspending", "status": "False"}, {"type": "RayClusterSuspended", "status": "True"}],
        ])
        .often(),
        mutation!(Status "/jobDeploymentStatus" = ["Waiting", "Running", ""]).often(),
    ]
}
