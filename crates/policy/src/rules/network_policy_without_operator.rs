#![doc = include_str!("network_policy_without_operator.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::network_policy::Direction;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "network-policy-without-operator",
    summary: "a network policy that does not let KubeRay reach the dashboard",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("network_policy_without_operator.md"),
    cel: Cel::No("CEL of Kubernetes 1.30 cannot express the ranges of ports readably"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let purpose = match object.kind {
        Kind::RayService => "configure Ray Serve",
        Kind::RayJob | Kind::RayCronJob => "read the status of the job",
        Kind::RayCluster => return,
    };
    let Some(policy) = object.network_policy(&settings.kuberay).filter(|policy| policy.denies(Direction::Ingress))
    else {
        return;
    };
    let head = &object.cluster.head;
    if head.pod_spec().field("hostNetwork").as_bool() == Some(true) {
        return;
    }
    let rules = policy.head(Direction::Ingress);
    let port = head.ray_start_param("dashboard-port").map_or(Some(8265), |port| port.parse().ok());
    // A port that only the cluster knows may be that of any rule.
    let is_open = port.map_or(!rules.items.is_empty(), |port| rules.for_port("TCP", port).next().is_some());
    if !is_open {
        let port = port.unwrap_or(8265);
        findings.required(
            rules.path,
            format!("no rule lets KubeRay's operator reach the dashboard at port {port} to {purpose}"),
            format!(
                "add {{from: [{{namespaceSelector: …}}], ports: [{{port: {port}}}]}} with the operator's namespace"
            ),
        );
    }
}
