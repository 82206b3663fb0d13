#![doc = include_str!("malformed_field.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use crate::schema::Fault;

pub(super) static RULE: Rule = Rule {
    name: "malformed-field",
    summary: "a value that the schema of KubeRay's objects does not allow",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Offline,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("malformed_field.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    for fault in object.faults(settings.kuberay.version) {
        if let Fault::Malformed { path, reason, message, help, mend } = fault {
            findings.report(*reason, path.clone(), message.clone(), help.clone()).fix.clone_from(mend);
        }
    }
}
