//! What an editor shows about the field under the pointer.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};
use rayguard_check::object;
use rayguard_policy::effective::effective_values;
use rayguard_policy::kuberay::Kind;

use super::document::Document;
use super::workspace::Workspace;

/// Returns the values that are in effect at a byte of a document, and the documents of the rules that found something
/// there.
pub(super) fn at(document: &Document, byte: usize, workspace: &Workspace) -> Option<Hover> {
    if !Kind::is_named_in(&document.text) {
        return None;
    }
    let mut parts: Vec<_> = values(document, byte, workspace).into_iter().collect();
    let mut known = BTreeSet::new();
    let here = document.report.findings().filter(|reported| reported.bytes.start <= byte && byte <= reported.bytes.end);
    parts.extend(
        here.map(|reported| reported.finding.rule)
            .filter(|rule| known.insert(rule.name))
            .map(|rule| rule.docs.to_owned()),
    );
    (!parts.is_empty()).then(|| Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: parts.join("\n---\n\n") }),
        range: None,
    })
}

/// Returns the values as a list: `**GCS reconnect timeout of the head**: 60 s (Ray's default, …)`.
fn values(document: &Document, byte: usize, workspace: &Workspace) -> Option<String> {
    let objects = object::in_text(&document.text);
    let (object, path) = objects.iter().find_map(|object| Some((object, object.path_at(byte)?)))?;
    let values = effective_values(workspace.policy.policy(), &object.json, &workspace.namespace);
    let list = values.iter().filter(|value| value.is_about(&path)).fold(String::new(), |mut list, value| {
        let _ = writeln!(list, "- {}: **{}** ({})", value.name, escaped(&value.value), value.origin);
        list
    });
    (!list.is_empty()).then_some(list)
}

/// Escapes the characters of a value that have a meaning in Markdown.
fn escaped(value: &str) -> String {
    let is_special =
        |char: char| matches!(char, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|');
    value.chars().fold(String::new(), |mut text, char| {
        if is_special(char) {
            text.push('\\');
        }
        text.push(char);
        text
    })
}
