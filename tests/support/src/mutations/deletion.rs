//! Deletion of a RayJob's resources: deletion rules, and the older policies.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    [rules(), policies()].into_iter().flatten().collect()
}

fn rules() -> Vec<Mutation> {
    vec![
        mutation!(Job "/deletionStrategy" = [{}, null, {"deletionRules": []}, {"onSuccess": {"policy": "DeleteSelf"}}, {"onFailure": {}}]),
        mutation!(Job "/deletionStrategy" = [{}, {"deletionRules": []}]),
        mutation!(
            Job "/shutdownAfterJobFinishes" = [true, false, null],
            Job "/deletionStrategy" = [{"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "SUCCEEDED"}}]}],
        ),
        mutation!(Job "/shutdownAfterJobFinishes" = [true], Job "/deletionStrategy/deletionRules/-" = [
            {"policy": "DeleteNone", "condition": {"jobStatus": "STOPPED", "ttlSeconds": 0}},
        ]),
        mutation!(Job "/shutdownAfterJobFinishes" = [null], Job "/deletionStrategy" = [
            {"onSuccess": {"policy": "DeleteSelf"}, "deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED"}}]},
            {"onFailure": {}, "deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED"}}]},
        ]),
        mutation!(
            Job "/shutdownAfterJobFinishes" = [null, false],
            Job "/ttlSecondsAfterFinished" = [null],
            Job "/deletionStrategy" = [{"deletionRules": []}],
            Job "/deletionStrategy/deletionRules/-" = [
                {"policy": "DeleteWorkers", "condition": {"jobStatus": "FAILED", "ttlSeconds": 0}},
                {"policy": "DeleteCluster", "condition": {"jobStatus": "FAILED", "ttlSeconds": 10}},
                {"policy": "DeleteWorkers", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 20}},
                {"policy": "DeleteNone", "condition": {"jobStatus": "FAILED", "ttlSeconds": 1}},
            ],
            Job "/deletionStrategy/deletionRules/+" = [
                {"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED", "ttlSeconds": 5}},
                {"policy": "DeleteCluster", "condition": {"jobStatus": "FAILED", "ttlSeconds": 0}},
                {"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 10}},
                {"policy": "DeleteCluster", "condition": {"jobDeploymentStatus": "Failed"}},
                {"policy": "DeleteNone", "condition": {"jobStatus": "FAILED", "ttlSeconds": 2}},
                {"policy": "", "condition": {"jobStatus": "", "ttlSeconds": 2}},
            ],
            Job "/deletionStrategy/deletionRules/-" = [
                {"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED", "ttlSeconds": 9}},
                {"policy": "DeleteSelf", "condition": {"jobStatus": "SUCCEEDED", "ttlSeconds": 0}},
                {"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Complete", "ttlSeconds": 0}},
                {"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 9}},
            ],
        ),
        mutation!(
            Job "/shutdownAfterJobFinishes" = [null], Job "/ttlSecondsAfterFinished" = [null],
            Job "/deletionStrategy" = [{"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 9}}]}],
            Job "/deletionStrategy/deletionRules/-" = [
                {"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Failed"}},
                {"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 10}},
                {"policy": "DeleteCluster", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 10}},
                {"policy": "DeleteCluster", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": 9}},
            ],
        )
        .often(),
        mutation!(Job "/shutdownAfterJobFinishes" = [null], Job "/ttlSecondsAfterFinished" = [null], Job "/deletionStrategy" = [
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {}}]},
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {"ttlSeconds": -1}}]},
            {"deletionRules": [{"policy": "DeleteSelf"}]},
            {"deletionRules": [{}]},
        ]),
        mutation!(Job "/shutdownAfterJobFinishes" = [null], Job "/ttlSecondsAfterFinished" = [null], Job "/deletionStrategy" = [
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED", "jobDeploymentStatus": "Failed"}}]},
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "", "jobDeploymentStatus": ""}}]},
        ]),
        mutation!(Job "/shutdownAfterJobFinishes" = [null], Job "/ttlSecondsAfterFinished" = [null], Job "/deletionStrategy" = [
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED", "ttlSeconds": -1}}]},
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Failed", "ttlSeconds": -1}}]},
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED", "ttlSeconds": -1}},
                {"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED", "ttlSeconds": 0}}, {"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED"}}]},
        ]),
        mutation!(Job "/shutdownAfterJobFinishes" = [null], Job "/ttlSecondsAfterFinished" = [null],
            Job "/rayClusterSpec" = [null], Job "/clusterSelector" = [{"ray.io/cluster": "c"}, {"a": "b"}], Job "/deletionStrategy" = [
            {"deletionRules": [{"policy": "DeleteCluster", "condition": {"jobStatus": "FAILED"}}]},
            {"deletionRules": [{"policy": "DeleteWorkers", "condition": {"jobStatus": "FAILED"}}]},
            {"deletionRules": [{"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED"}}]},
        ]),
        mutation!(Job "/shutdownAfterJobFinishes" = [null], Job "/ttlSecondsAfterFinished" = [null], Cluster "/enableInTreeAutoscaling" = [true, true, false],
            Job "/deletionStrategy" = [
            {"deletionRules": [{"policy": "DeleteWorkers", "condition": {"jobStatus": "FAILED"}}]},
            {"deletionRules": [{"policy": "DeleteCluster", "condition": {"jobStatus": "FAILED"}}]},
        ]),
    ]
}

/// Policies for success and failure, the older form.
fn policies() -> Vec<Mutation> {
    vec![
        mutation!(Job "/deletionStrategy" = [
            {"onSuccess": {"policy": "DeleteSelf"}}, {"onFailure": {"policy": "DeleteSelf"}}, {"onSuccess": {}}, {"onFailure": {}},
        ]),
        mutation!(Job "/deletionStrategy" = [
            {"onSuccess": {}, "onFailure": {"policy": "DeleteSelf"}}, {"onSuccess": {"policy": "DeleteSelf"}, "onFailure": {}},
            {"onSuccess": {}, "onFailure": {}}, {"onSuccess": {"policy": ""}, "onFailure": {"policy": ""}},
        ]),
        mutation!(Job "/deletionStrategy" = [
            {"onSuccess": {"policy": "DeleteSelf"}, "onFailure": {}}, {"onSuccess": {"policy": "DeleteCluster"}, "onFailure": {}},
        ]),
        mutation!(Job "/rayClusterSpec" = [null], Job "/clusterSelector" = [{"ray.io/cluster": "c"}], Job "/deletionStrategy" = [
            {"onSuccess": {"policy": "DeleteCluster"}, "onFailure": {"policy": "DeleteSelf"}},
            {"onSuccess": {"policy": "DeleteWorkers"}, "onFailure": {"policy": "DeleteNone"}},
            {"onSuccess": {"policy": "DeleteSelf"}, "onFailure": {"policy": "DeleteCluster"}},
            {"onSuccess": {"policy": "DeleteNone"}, "onFailure": {"policy": "DeleteWorkers"}},
            {"onSuccess": {"policy": "DeleteNone"}, "onFailure": {"policy": "DeleteSelf"}},
        ]),
        mutation!(Cluster "/enableInTreeAutoscaling" = [true, true, null], Job "/clusterSelector" = [null], Job "/deletionStrategy" = [
            {"onSuccess": {"policy": "DeleteWorkers"}, "onFailure": {"policy": "DeleteSelf"}},
            {"onSuccess": {"policy": "DeleteSelf"}, "onFailure": {"policy": "DeleteWorkers"}},
            {"onSuccess": {"policy": "DeleteCluster"}, "onFailure": {"policy": "DeleteSelf"}},
        ]),
        mutation!(Job "/shutdownAfterJobFinishes" = [true, true, null], Job "/deletionStrategy" = [
            {"onSuccess": {"policy": "DeleteNone"}, "onFailure": {"policy": "DeleteSelf"}},
            {"onSuccess": {"policy": "DeleteSelf"}, "onFailure": {"policy": "DeleteNone"}},
            {"onSuccess": {"policy": "DeleteSelf"}, "onFailure": {"policy": "DeleteSelf"}},
        ]),
    ]
}
