#![doc = include_str!("ingress_without_class.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "ingress-without-class",
    summary: "an Ingress for the dashboard without a class",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("ingress_without_class.md"),
    cel: Cel::No("its help depends on the kind"),
    check,
};

/// The annotation from which KubeRay takes the class.
const CLASS: &str = "kubernetes.io/ingress.class";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let head = &object.cluster.head;
    if head.json.field("enableIngress").as_bool() != Some(true) || object.annotation(CLASS).is_some() {
        return;
    }
    if object.kind == Kind::RayCronJob {
        findings.invalid(
            head.path().field("enableIngress"),
            "this Ingress has no class: a RayCronJob passes on no annotation, and so only a default class serves it",
            "remove it, and create an Ingress for the head Service of the job if it needs one",
        );
    } else {
        findings.required(
            RayObject::annotation_path(CLASS),
            "the Ingress for the dashboard has no class, so no controller serves it unless a default class exists",
            "write the name of an IngressClass, such as nginx",
        );
    }
}
