#![doc = include_str!("unknown_field.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use crate::schema::{Fault, Suggestion};
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "unknown-field",
    summary: "a field that KubeRay's objects do not have, and the API server drops",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Offline,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("unknown_field.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    for fault in object.faults(settings.kuberay.version) {
        if let Fault::Unknown { path, suggestion } = fault {
            let message = match suggestion {
                Some(Suggestion::Release(_)) => {
                    format!("unknown field: KubeRay {} does not have it yet", settings.kuberay.version)
                }
                Some(Suggestion::ApiVersion(_)) => format!("unknown field: {} does not have it", object.api_version),
                _ => "unknown field: the API server drops it, and kubectl refuses the object".to_owned(),
            };
            let finding = findings.invalid(path.clone(), message, help(suggestion.as_ref()));
            match suggestion {
                Some(Suggestion::Spelling { name, is_certain: true }) => drop(finding.fix_by_name(path.clone(), *name)),
                Some(Suggestion::ApiVersion(version)) => {
                    finding.fix_by_value(FieldPath::of(["apiVersion"]), version.clone());
                }
                _ => {}
            }
        }
    }
}

fn help(suggestion: Option<&Suggestion>) -> String {
    match suggestion {
        Some(Suggestion::Spelling { name, .. }) => format!("did you mean {name}?"),
        Some(Suggestion::Elsewhere(places)) => format!("move it to {}", places.join(" or ")),
        Some(Suggestion::Release(release)) => format!("remove it, or upgrade to KubeRay {release}"),
        Some(Suggestion::ApiVersion(version)) => format!("write apiVersion: {version}"),
        None => "remove it, or correct its name or its place".to_owned(),
    }
}
