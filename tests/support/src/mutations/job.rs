//! A RayJob, or the job of a RayCronJob: modes, deadlines, retries and schedule.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    vec![
        mutation!(Job "/suspend" = [true, false], Job "/shutdownAfterJobFinishes" = [true, false, null]),
        mutation!(Job "/ttlSecondsAfterFinished" = [-1, 0, 1, 10], Job "/shutdownAfterJobFinishes" = [true, false, null], Job "/deletionStrategy" = [null]),
        mutation!(Job "/ttlSecondsAfterFinished" = [-1, i32::MIN], Job "/shutdownAfterJobFinishes" = [true]),
        mutation!(
            Job "/suspend" = [true], Job "/shutdownAfterJobFinishes" = [true], Job "/rayClusterSpec" = [null],
            Job "/clusterSelector" = [{"ray.io/cluster": "c"}, {}, {"a": "b"}], Job "/deletionStrategy" = [null],
        ),
        mutation!(Job "/rayClusterSpec" = [null], Job "/clusterSelector" = [null, {}]),
        mutation!(Job "/clusterSelector" = [{"ray.io/cluster": "c"}, {"ray.io/cluster": ""}, {"a": "b"}, {}], Job "/deletionStrategy" = [null]),
        mutation!(Job "/clusterSelector" = [{"ray.io/cluster": "c"}, {"": ""}], Job "/submissionMode" = ["SidecarMode", "K8sJobMode", "HTTPMode", "InteractiveMode"]),
        mutation!(Job "/clusterSelector" = [{"ray.io/cluster": "c"}], Job "/rayClusterSpec" = [null], Job "/submissionMode" = ["SidecarMode"]),
        mutation!(Job "/clusterSelector" = [{"ray.io/cluster": "c"}], Job "/backoffLimit" = [-1, 0, 1, 3, null], Job "/submissionMode" = [null, "HTTPMode"]),
        mutation!(Job "/submissionMode" = ["InteractiveMode", "InteractiveMode", "interactiveMode"], Job "/backoffLimit" = [0, 1, null, -1], Job "/clusterSelector" = [null]).often(),
        mutation!(Job "/submissionMode" = ["SidecarMode", "SidecarMode", "K8sJobMode"], Job "/submitterPodTemplate" = [
            {}, {"spec": {"containers": [{"name": "s"}]}}, null,
        ]),
        mutation!(Job "/submissionMode" = ["SidecarMode", "SidecarMode", "K8sJobMode"], Job "/submitterConfig" = [{}, {"backoffLimit": 1}, null]),
        mutation!(
            Job "/submissionMode" = ["SidecarMode", "SidecarMode", "sidecarMode", null],
            Head "/template/spec/restartPolicy" = ["Always", "OnFailure", "Never", "", null],
        ).often(),
        mutation!(Job "/rayClusterSpec/authOptions" = [
            {"mode": "token", "enableK8sTokenAuth": true}, {"enableK8sTokenAuth": true}, {"enableK8sTokenAuth": false},
        ]),
        mutation!(Job "/runtimeEnvYAML" = (Yaml)).often(),
        // Texts that are YAML for only one of the parsers; see the known differences.
        mutation!(Job "/runtimeEnvYAML" = ["{}[", "{} x", "a: [-]"]),
        mutation!(Job "/runtimeEnvYAML" = ["... ", "\ta: 1", "a: \u{85}b", "{::}"]),
        mutation!(Job "/activeDeadlineSeconds" = [-1, 0, 1, null]),
        mutation!(Job "/preRunningDeadlineSeconds" = [-1, 0, 1, null]),
        mutation!(Job "/backoffLimit" = [-1, 0, 1, null, i32::MIN]),
        mutation!(CronJob "/schedule" = (Schedule)).often(),
        mutation!(CronJob "/schedule" = [null, "", "@daily", "* * * *", "60 * * * *"]),
        mutation!(CronJob "/jobTemplate" = [null, {}, {"entrypoint": "x"}]),
    ]
}
