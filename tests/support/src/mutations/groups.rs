//! Fields of every group of Pods: containers, resources, labels, replicas.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    vec![
        mutation!(Head "/template/spec/containers" = [null, []]),
        mutation!(Head "/template/spec" = [null, {}]),
        mutation!(Head "/template" = [null, {}]),
        mutation!(Cluster "/headGroupSpec" = [null, {}]),
        mutation!(Group "/template/spec/containers" = [null, []]),
        mutation!(Group "/template" = [null, {}]),
        mutation!(Cluster "/workerGroupSpecs" = [null, []]),
        mutation!(
            Head "/resources" = [{"CPU": "4"}, {"CPU": ""}, {}, null],
            Head "/rayStartParams" = [
                {"num-cpus": "4"}, {"num-gpus": "0"}, {"memory": "1"}, {"resources": "{}"}, {"num-cpus": ""},
                {"num_cpus": "4"}, {"object-store-memory": "1"}, {}, null,
            ],
        ),
        mutation!(
            Group "/resources" = [{"CPU": "4"}, {"x": ""}, {}, null],
            Group "/rayStartParams" = [
                {"num-cpus": "4"}, {"num-gpus": "0"}, {"memory": "1"}, {"resources": "{}"}, {"memory": ""}, {"block": "true"}, null,
            ],
        ),
        mutation!(Head "/rayStartParams/labels" = ["a=b", ""]),
        mutation!(Group "/rayStartParams/labels" = ["a=b", "", null], Group "/rayStartParams/Labels" = ["a=b", null]),
        mutation!(Head "/labels" = [{}, null, {"a": "b"}, {"a b": "c"}, {"a": "b c"}, {"": ""}, {"a/b/c": "-"}]),
        mutation!(Head "/labels/ray.io~1x" = (LabelValue)),
        mutation!(Head "/labels" = {LabelKey}),
        mutation!(Group "/labels" = {LabelKey}),
        mutation!(Group "/labels/x" = (LabelValue)),
        mutation!(Group "/labels" = [{"a": "b", "c d": "e f"}, {"-a": "b", "a": "-b"}, {"ray.io/": "x"}]),
        mutation!(Group "/minReplicas" = [null, -1, 0, 1, i32::MAX, i32::MIN], Group "/maxReplicas" = [null, -1, 0, 1, i32::MAX]),
        mutation!(Group "/minReplicas" = [null, -1]),
        mutation!(Group "/minReplicas" = [-1], Group "/maxReplicas" = [-1, null]),
        mutation!(Group "/maxReplicas" = [null, -1]),
        mutation!(Group "/minReplicas" = [3, 4, 5], Group "/maxReplicas" = [4], Group "/replicas" = [0, 4, 9]),
        mutation!(Cluster "/enableInTreeAutoscaling" = [true], Group "/minReplicas" = [null, -1, 0, 5], Group "/maxReplicas" = [null, -1, 4]),
        mutation!(Group "/groupName" = ["small", "large", "", null]),
        mutation!(Group "/groupName" = ["same"], Cluster "/workerGroupSpecs/-" = [
            {"groupName": "same", "minReplicas": 0, "maxReplicas": 1, "template": {"spec": {"containers": [{"name": "w"}]}}},
        ])
        .often(),
    ]
}
