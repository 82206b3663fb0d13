#![doc = include_str!("malformed_field.md")]

use crate::context::Context;
use crate::placeholder;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::schema::Violation;

pub(crate) static RULE: Rule = Rule {
    name: "malformed-field",
    summary: "a value that KubeRay's schema does not allow",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Offline,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("malformed_field.md"),
    cel: Cel::No("the API server makes the same check before it calls any policy"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    for violation in object.schema_violations(settings.kuberay.version) {
        if let Violation::Malformed { path, reason, message, help, fix } = violation {
            let help = super::placeholder_at(object, path).map_or(&**help, |_| placeholder::HELP);
            let finding = findings.report(*reason, path.clone(), message.clone(), help);
            finding.fix.clone_from(fix);
            finding.is_about_key = violation.is_about_key();
        }
    }
}
