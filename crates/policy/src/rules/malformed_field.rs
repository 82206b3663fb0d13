#![doc = include_str!("malformed_field.md")]

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::schema::Fault;

pub(crate) static RULE: Rule = Rule {
    name: "malformed-field",
    summary: "a value that KubeRay's schema does not allow",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Offline,
    input: Input::Object,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("malformed_field.md"),
    cel: Cel::No("the API server makes the same check before it calls any policy"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    for fault in object.faults(settings.kuberay.version) {
        if let Fault::Malformed { path, reason, message, help, mend } = fault {
            findings.report(*reason, path.clone(), message.clone(), help.clone()).fix.clone_from(mend);
        }
    }
}
