#![doc = include_str!("unknown_field.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::schema::{Form, Suggestion, Violation};

pub(crate) static RULE: Rule = Rule {
    name: "unknown-field",
    summary: "a field that is not in KubeRay's schema, so the API server drops it",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Offline,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unknown_field.md"),
    cel: Cel::No("the API server drops the field before it calls any policy"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    for violation in object.schema_violations(settings.kuberay.version) {
        if let Violation::Unknown { path, suggestion } = violation {
            let message = match suggestion {
                Some(Suggestion::Release(_)) => {
                    format!("unknown field: KubeRay {} does not have it yet", settings.kuberay.version)
                }
                Some(Suggestion::ApiVersion(_)) => format!("unknown field: {} does not have it", object.api_version),
                _ => "unknown field: the API server drops it, and kubectl refuses the object".to_owned(),
            };
            let finding = findings.invalid(path.clone(), message, help(suggestion.as_ref()));
            finding.is_about_key = violation.is_about_key();
            match suggestion {
                Some(Suggestion::Spelling { name, is_certain: true, .. }) => {
                    finding.fix_by_name(path.clone(), *name);
                }
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
        Some(Suggestion::Spelling { name, form: Form::Fits, .. }) => format!("did you mean {name}?"),
        Some(Suggestion::Spelling { name, form: Form::Other(noun), .. }) => {
            format!("did you mean {name}? its value is {noun}")
        }
        Some(Suggestion::Spelling { name, form: Form::Text, .. }) => {
            format!("did you mean {name}? its value is a string: write {name}: |, and the map as text below it")
        }
        Some(Suggestion::Spelling { name, form: Form::Decoded, .. }) => {
            format!("did you mean {name}? its value is YAML, and not the base64 of the form before ray.io/v1")
        }
        Some(Suggestion::OldServeConfig) => {
            "this is the form before ray.io/v1; rewrite it as serveConfigV2: |, with a list of applications".to_owned()
        }
        Some(Suggestion::Elsewhere(places)) => format!("move it to {}", places.join(" or ")),
        Some(Suggestion::Release(release)) => format!("remove it, or upgrade to KubeRay {release}"),
        Some(Suggestion::ApiVersion(version)) => format!("write apiVersion: {version}"),
        None => "remove it, or correct its name or its position".to_owned(),
    }
}
