//! Placeholders in an object, which another program replaces before the object is applied.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::template_syntax::TemplateSyntax;

use crate::rule::Finding;

/// The help for a value that is wrong only because its placeholder is not replaced.
pub const HELP: &str = "replace the placeholder before you apply the object";

/// Fields whose text a shell reads in the container, so that `$NAME` in them is no placeholder.
const READ_BY_A_SHELL: [&str; 4] = ["rayStartParams", "entrypoint", "command", "args"];

/// Adds to the help of a finding how to replace the placeholder that it is about, if there is one. `path` is the
/// finding's path in the manifest.
pub(crate) fn add_help(finding: &mut Finding, path: &FieldPath, manifest: &Json<'_>) {
    let is_for_a_shell = |step: &Step| step.name().is_some_and(|name| READ_BY_A_SHELL.contains(&name));
    let Some(text) = path.value(manifest).and_then(Json::as_str) else { return };
    let text = finding.within.clone().and_then(|span| text.get(span)).unwrap_or(text);
    // No shell has names with a dot.
    let is_of_terraform = ["${var.", "${local.", "${module."].iter().any(|start| text.contains(start));
    let is_possible = |syntax: &TemplateSyntax| match syntax {
        _ if !path.steps().iter().any(is_for_a_shell) => true,
        TemplateSyntax::Envsubst => false,
        TemplateSyntax::Terraform => is_of_terraform,
        TemplateSyntax::Helm | TemplateSyntax::Jinja | TemplateSyntax::Erb => true,
    };
    if let Some(syntax) = TemplateSyntax::find_in_value(text).filter(is_possible) {
        finding.help = format!("{}; {}", finding.help, syntax.help());
    }
}

/// Reports whether a text has a placeholder: `$NAME`, `${NAME}` or `{{ .Values.name }}`.
pub fn is_placeholder(text: &str) -> bool {
    let after_dollar = |part: &str| part.starts_with(|first: char| first.is_ascii_alphabetic() || "_{".contains(first));
    text.starts_with('$') || text.split('$').skip(1).any(after_dollar) || text.contains("{{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_shells_and_templates_are_recognized() {
        for text in ["$KSA", "${KSA}", "job-${ID}", "job-$ID", "$_", "{{ .Values.name }}", "$(NAME)"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["", "ksa", "5$", "a$1", "a{b}"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
