//! Names, numbers and required texts within a Pod.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use rayguard_manifest::json::Json;

use super::{At, Subject, Violation, Violations};
use crate::name::Syntax;

/// Reports a text that does not have a syntax. `what` is the subject of the message, such as `the key`.
pub(super) fn check<'v>(
    subject: Subject,
    syntax: Syntax,
    text: &str,
    what: &str,
    at: &At<'_>,
    violations: &'v mut Violations,
) -> Option<&'v mut Violation> {
    if syntax.admits(text) {
        return None;
    }
    let errors = syntax.errors(text);
    let message = format!("{what} {}", errors.first()?);
    Some(violations.invalid(subject, at, message, format!("write {}", syntax.form())))
}

/// Returns a text in lower case, as Go's `strings.ToLower` does: each character becomes one character.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    text.chars().filter_map(|char| char.to_lowercase().next()).collect()
}

/// Reports an integer outside of a range.
pub(super) fn range<'v>(
    subject: Subject,
    json: &Json<'_>,
    range: RangeInclusive<i64>,
    at: &At<'_>,
    violations: &'v mut Violations,
) -> Option<&'v mut Violation> {
    let number = json.as_i64().filter(|number| !range.contains(number))?;
    let (least, most) = (range.start(), range.end());
    let message = format!("{number} is not from {least} to {most}");
    Some(violations.invalid(subject, at, message, format!("write a number from {least} to {most}")))
}

/// Reports a text that is empty. If it is absent, that is reported only for a field that the schema does not require.
pub(super) fn text(subject: Subject, parent: &Json<'_>, field: Required, at: &At<'_>, violations: &mut Violations) {
    let name = field.name();
    let (message, help) = match (field, parent.entry(name)) {
        (_, Some(Json::String(text))) if text.is_empty() => (format!("{name} is empty"), "write a value".to_owned()),
        (Required::Here(_), None) => (format!("{name} is missing"), format!("add {name}")),
        _ => return,
    };
    violations.required(subject, &at.field(name), &message, &help);
}

/// A text field that Kubernetes requires.
#[derive(Clone, Copy)]
pub(super) enum Required {
    /// The schema of KubeRay's objects requires the field, so the rule malformed-field reports one that is absent.
    BySchema(&'static str),
    /// The schema does not require the field.
    Here(&'static str),
}

impl Required {
    fn name(self) -> &'static str {
        match self {
            Required::BySchema(name) | Required::Here(name) => name,
        }
    }
}
