#![doc = include_str!("invalid_group_label.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::name::{Syntax, sentence};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-group-label",
    summary: "a group label that is not a valid Kubernetes label, or that is set in rayStartParams",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_group_label.md"),
    cel: Cel::Yes(include_str!("invalid_group_label.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(5) {
        return;
    }
    for group in object.cluster.groups() {
        // KubeRay refuses the key with any value.
        if group.json.field("rayStartParams").entry("labels").is_some() {
            let help = format!("write the labels as a map at {}", group.path().field("labels"));
            let message = "KubeRay refuses labels in rayStartParams, and reads only the group's labels field";
            findings.forbidden(group.ray_start_param_path("labels"), message, help);
        }
        for (key, value) in group.json.field("labels").entries() {
            let path = || group.path().field("labels").key(&**key);
            let errors = Syntax::QualifiedName.errors(key);
            if !errors.is_empty() {
                let message = format!("the label's key {}", sentence(&errors));
                findings.invalid(path(), message, format!("write {}", Syntax::QualifiedName.form())).about_key();
            }
            let errors = value.as_str().map(|value| Syntax::LabelValue.errors(value)).unwrap_or_default();
            if !errors.is_empty() {
                let message = format!("the label's value {}", sentence(&errors));
                findings.invalid(path(), message, format!("write {}", Syntax::LabelValue.form()));
            }
        }
    }
}
