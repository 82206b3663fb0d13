#![doc = include_str!("job_without_cluster.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "job-without-cluster",
    summary: "a job that neither has a cluster nor names one",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "one of RayClusterSpec or ClusterSelector must be set",
        "cluster name in ClusterSelector should not be empty",
    ],
    docs: include_str!("job_without_cluster.md"),
    check: Check::Object(check),
};

/// The label by which a cluster is selected (`RayJobClusterSelectorKey`, ray-operator/controllers/ray/utils/constant.go).
const CLUSTER_NAME: &str = "ray.io/cluster";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let Some(job) = object.job() else { return };
    let selector = job.json.field("clusterSelector");
    if job.selects_cluster() {
        if settings.kuberay.version >= Version::v1(5) && selector.field(CLUSTER_NAME).as_nonempty_str().is_none() {
            findings.required(
                job.path().field("clusterSelector").key(CLUSTER_NAME),
                "the clusterSelector names no cluster",
                "write the name of a RayCluster",
            );
        }
    } else if job.json.field("rayClusterSpec").is_null() && (selector.is_null() || selector.as_object().is_some()) {
        findings.required(
            job.path().field("rayClusterSpec"),
            "the job has neither a rayClusterSpec nor a clusterSelector to run on",
            "describe a cluster, or name one in clusterSelector[ray.io/cluster]",
        );
    }
}
