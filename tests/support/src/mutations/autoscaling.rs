//! The autoscaler: whether it is enabled, its version, and conflicts with other fields.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    vec![
        mutation!(Group "/suspend" = [true, false, null], Cluster "/enableInTreeAutoscaling" = [true, false, null]),
        mutation!(Group "/suspend" = [true], Cluster "/enableInTreeAutoscaling" = [true]),
        mutation!(Group "/suspend" = [true], Cluster "/enableInTreeAutoscaling" = [null, false]),
        mutation!(
            Cluster "/enableInTreeAutoscaling" = [false, null],
            Ray "/env/-" = [
                {"name": "RAY_enable_autoscaler_v2", "value": "1"}, {"name": "RAY_enable_autoscaler_v2", "value": "true"},
                {"name": "RAY_enable_autoscaler_v2", "value": "True"}, {"name": "RAY_enable_autoscaler_v2", "value": "0"},
                {"name": "RAY_enable_autoscaler_v2"},
                {"name": "RAY_enable_autoscaler_v2", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}},
            ],
        ),
        mutation!(
            Cluster "/enableInTreeAutoscaling" = [false],
            Ray "/env/+" = [{"name": "RAY_enable_autoscaler_v2", "value": "0"}, {"name": "RAY_enable_autoscaler_v2", "value": "1"}],
            Ray "/env/-" = [{"name": "RAY_enable_autoscaler_v2", "value": "1"}, {"name": "RAY_enable_autoscaler_v2", "value": "0"}],
        ),
        mutation!(
            Cluster "/enableInTreeAutoscaling" = [true],
            Cluster "/autoscalerOptions/version" = ["v1", "v2", "", null],
            Ray "/env/-" = [{"name": "RAY_enable_autoscaler_v2", "value": "1"}, {"name": "RAY_enable_autoscaler_v2", "value": "0"}],
        ),
        mutation!(
            Cluster "/enableInTreeAutoscaling" = [true, true, false],
            Cluster "/autoscalerOptions/version" = ["v2", "v2", "v1", null],
            Head "/template/spec/restartPolicy" = ["Always", "OnFailure", "Never", "", null, "never"],
        )
        .often(),
        mutation!(
            Cluster "/enableInTreeAutoscaling" = [true, true, null],
            Cluster "/autoscalerOptions/version" = ["v2", "v2", "V2", ""],
            Group "/template/spec/restartPolicy" = ["Always", "OnFailure", "Never", "", null],
        )
        .often(),
        mutation!(Cluster "/autoscalerOptions/idleTimeoutSeconds" = [-1, 0, 60, null, i32::MIN]),
        mutation!(Cluster "/autoscalerOptions" = [null, {}, {"version": "v2"}, {"idleTimeoutSeconds": -5}]),
        mutation!(Group "/idleTimeoutSeconds" = [-1, 0, 60, null], Cluster "/autoscalerOptions/version" = ["v1", "v2", null]),
        mutation!(Group "/idleTimeoutSeconds" = [-1, i32::MIN, 5]),
        mutation!(
            Group "/idleTimeoutSeconds" = [0, 60, -1],
            Cluster "/enableInTreeAutoscaling" = [true],
            Cluster "/autoscalerOptions" = [null, {}],
            Ray "/env/+" = [
                {"name": "RAY_enable_autoscaler_v2", "value": "1"}, {"name": "RAY_enable_autoscaler_v2", "value": "true"},
                {"name": "RAY_enable_autoscaler_v2", "value": "TRUE"}, {"name": "RAY_enable_autoscaler_v2", "value": ""},
                {"name": "OTHER", "value": "1"},
            ],
        ),
        mutation!(Cluster "/enableInTreeAutoscaling" = [true, false, null]),
    ]
}
