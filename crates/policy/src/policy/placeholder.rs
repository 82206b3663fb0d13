//! Values that another program is to replace before an object is applied.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::template_syntax::TemplateSyntax;

use crate::rule::Finding;

/// Fields whose text a shell reads in the container, so that `$NAME` in them is no placeholder.
const READ_BY_A_SHELL: [&str; 4] = ["rayStartParams", "entrypoint", "command", "args"];

/// Adds to the help of a finding how to replace the placeholder that it is about, if there is one. `path` is the
/// finding's path in the manifest.
pub(super) fn add_help(finding: &mut Finding, path: &FieldPath, manifest: &Json<'_>) {
    let is_for_a_shell = |step: &Step| step.name().is_some_and(|name| READ_BY_A_SHELL.contains(&name));
    if path.steps().iter().any(is_for_a_shell) {
        return;
    }
    let Some(text) = path.value(manifest).and_then(Json::as_str) else { return };
    let text = finding.within.clone().and_then(|span| text.get(span)).unwrap_or(text);
    if let Some(syntax) = TemplateSyntax::find_in_value(text) {
        finding.help = format!("{}; {}", finding.help, syntax.help());
    }
}
