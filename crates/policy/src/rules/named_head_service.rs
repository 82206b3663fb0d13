#![doc = include_str!("named_head_service.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "named-head-service",
    summary: "a RayService that sets the name of its head service",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("named_head_service.md"),
    cel: Cel::Yes(include_str!("named_head_service.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(3) || object.kind != Kind::RayService {
        return;
    }
    let head = &object.cluster.head;
    if head.json.descend(["headService", "metadata", "name"]).as_nonempty_str().is_some() {
        findings.forbidden(
            head.path().fields(["headService", "metadata", "name"]),
            "an upgrade needs two clusters, and their head services cannot have the same name",
            "remove it; clients find the active cluster by the service <RayService>-head-svc",
        );
    }
}
