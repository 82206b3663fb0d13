//! A RayService: its upgrade strategy, and the names that the operator sets.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    const TYPE: &str = "NewClusterWithIncrementalUpgrade";
    vec![
        mutation!(Service "/rayClusterConfig/headGroupSpec/headService" = [
            {"metadata": {"name": "s"}}, {"metadata": {"name": ""}}, {"metadata": {"labels": {"a": "b"}}}, {}, null,
        ]),
        mutation!(Service "/rayClusterConfig/headGroupSpec/headService/metadata/name" = ["s"]),
        mutation!(Service "/upgradeStrategy" = [
            {"type": "None"}, {"type": "NewCluster"}, {"type": "newcluster"}, {"type": ""}, {"type": "Recreate"}, {}, null,
        ]),
        mutation!(Service "/upgradeStrategy/type" = ["None", "NewCluster", "Other", "", "Recreate", null]),
        mutation!(Service "/rayClusterDeletionDelaySeconds" = [-1, 0, 1, null, i32::MIN]),
        mutation!(Service "/upgradeStrategy/type" = [TYPE], Cluster "/enableInTreeAutoscaling" = [false, null]),
        mutation!(Service "/upgradeStrategy" = [{"type": TYPE}, {"type": TYPE, "clusterUpgradeOptions": {}}], Cluster "/enableInTreeAutoscaling" = [true]).often(),
        mutation!(
            Service "/upgradeStrategy" = [
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 101, "stepSizePercent": 5, "intervalSeconds": 10, "gatewayClassName": "g"}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": -1, "stepSizePercent": 5, "intervalSeconds": 10, "gatewayClassName": "g"}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 0, "stepSizePercent": 0, "intervalSeconds": 1, "gatewayClassName": "g"}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 100, "stepSizePercent": 100, "intervalSeconds": 0, "gatewayClassName": "g"}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 5, "stepSizePercent": 50, "intervalSeconds": -1, "gatewayClassName": ""}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 100, "stepSizePercent": 101, "gatewayClassName": "g"}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 100, "stepSizePercent": -1, "intervalSeconds": 1}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 100, "intervalSeconds": 1, "gatewayClassName": "g"}},
                {"type": TYPE, "clusterUpgradeOptions": {"maxSurgePercent": 100, "stepSizePercent": 5, "intervalSeconds": 1}},
                {"type": TYPE, "clusterUpgradeOptions": {"stepSizePercent": 5, "intervalSeconds": 1, "gatewayClassName": "g"}},
                {"type": "NewCluster", "clusterUpgradeOptions": {"maxSurgePercent": 101}},
            ],
            Cluster "/enableInTreeAutoscaling" = [true],
        ).often(),
        mutation!(
            Service "/upgradeStrategy/type" = [TYPE],
            Service "/upgradeStrategy/clusterUpgradeOptions" = [{"maxSurgePercent": 100, "stepSizePercent": 5, "intervalSeconds": 1, "gatewayClassName": "g"}],
            Service "/upgradeStrategy/clusterUpgradeOptions/intervalSeconds" = [null, 0, -1, 1],
            Cluster "/enableInTreeAutoscaling" = [true],
        ).often(),
        mutation!(
            Service "/upgradeStrategy/type" = [TYPE],
            Service "/upgradeStrategy/clusterUpgradeOptions" = [{"maxSurgePercent": 100, "stepSizePercent": 5, "intervalSeconds": 1}],
            Service "/upgradeStrategy/clusterUpgradeOptions/gatewayClassName" = [null, "", " ", "g"],
            Cluster "/enableInTreeAutoscaling" = [true],
        ).often(),
        mutation!(
            Service "/upgradeStrategy/type" = [TYPE],
            Service "/upgradeStrategy/clusterUpgradeOptions" = [{"stepSizePercent": 5, "intervalSeconds": 1, "gatewayClassName": "g"}],
            Service "/upgradeStrategy/clusterUpgradeOptions/maxSurgePercent" = [-1, 101, 0, 100],
            Cluster "/enableInTreeAutoscaling" = [true],
        )
        .often(),
        mutation!(Service "/rayClusterConfig/authOptions" = [
            {"mode": "token", "enableK8sTokenAuth": true}, {"enableK8sTokenAuth": true}, {"enableK8sTokenAuth": false}, {"mode": "disabled"},
        ]),
        mutation!(Service "/serveConfigV2" = ["", "applications: []", "not a map", null]),
    ]
}
