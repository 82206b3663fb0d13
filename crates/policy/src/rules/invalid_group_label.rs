#![doc = include_str!("invalid_group_label.md")]

use crate::kuberay::Version;
use crate::name::{Syntax, sentence};
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-group-label",
    summary: "a label of a group that is none, or stands among the parameters of ray start",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["rayStartParams['labels'] is not supported", "invalid label key for", "invalid label value for key"],
    docs: include_str!("invalid_group_label.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(5) {
        return;
    }
    for group in object.cluster.groups() {
        // The key alone counts, whatever its value.
        if group.json.field("rayStartParams").entry("labels").is_some() {
            let help = format!("write the labels as a map at {}", group.path().field("labels"));
            let message = "KubeRay takes a group's labels from the group only, and refuses them here";
            findings.forbidden(group.ray_start_param_path("labels"), message, help);
        }
        for (key, value) in group.json.field("labels").entries() {
            let path = || group.path().field("labels").key(&**key);
            let faults = Syntax::QualifiedName.faults(key);
            if !faults.is_empty() {
                let message = format!("the label's key {}", sentence(&faults));
                findings.invalid(path(), message, format!("write {}", Syntax::QualifiedName.form()));
            }
            let faults = value.as_str().map(|value| Syntax::LabelValue.faults(value)).unwrap_or_default();
            if !faults.is_empty() {
                let message = format!("the label's value {}", sentence(&faults));
                findings.invalid(path(), message, format!("write {}", Syntax::LabelValue.form()));
            }
        }
    }
}
