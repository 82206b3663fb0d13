#![doc = include_str!("named_head_service.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "named-head-service",
    summary: "a RayService that fixes the name of its head service",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["headService.metadata.name should not be set"],
    docs: include_str!("named_head_service.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(3) || object.kind != Kind::RayService {
        return;
    }
    let head = &object.cluster.head;
    if head.json.descend(["headService", "metadata", "name"]).as_nonempty_str().is_some() {
        findings.forbidden(
            head.path().fields(["headService", "metadata", "name"]),
            "in an upgrade there are two clusters, and their head services cannot have one name",
            "remove it; clients find the active cluster by the service <RayService>-head-svc",
        );
    }
}
