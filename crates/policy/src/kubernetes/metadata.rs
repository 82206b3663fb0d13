//! The metadata of an object: its name, labels, annotations and finalizers.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations};
use crate::name::{Syntax, sentence};
use crate::spelling::quote;

/// The maximum size of all annotations in bytes (`TotalAnnotationSizeLimitB`).
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// The finalizers that need no domain (`IsStandardFinalizerName`).
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// Reports everything that Kubernetes refuses in labels (`ValidateLabels`), except in the values of those keys for which
/// `is_overwritten` is true.
pub(super) fn validate_labels(
    subject: Subject,
    labels: &Json<'_>,
    is_overwritten: impl Fn(&str) -> bool,
    at: &At<'_>,
    violations: &mut Violations,
) {
    for (key, value) in labels.entries() {
        let at = at.key(key);
        check(subject, Syntax::QualifiedName, key, "the label's key", &at, violations);
        if let Some(value) = value.as_str()
            && !Syntax::LabelValue.admits(value)
            && !is_overwritten(key)
        {
            check(subject, Syntax::LabelValue, value, "the label's value", &at, violations);
        }
    }
}

/// Reports everything that Kubernetes refuses in annotations (`ValidateAnnotations`).
pub(super) fn validate_annotations(subject: Subject, annotations: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let mut size = 0;
    for (key, value) in annotations.entries() {
        size += key.len() + value.as_str().map_or(0, str::len);
        // Kubernetes ignores case here. It converts each character to exactly one.
        if !Syntax::QualifiedName.admits(key) {
            let lower: String = key.chars().filter_map(|char| char.to_lowercase().next()).collect();
            check(subject, Syntax::QualifiedName, &lower, "the annotation's key", &at.key(key), violations);
        }
    }
    if size > MAX_ANNOTATIONS {
        let message = format!("the annotations have {size} bytes, more than {MAX_ANNOTATIONS}");
        violations.invalid(subject, at, message, "remove some of them");
    }
}

/// Reports everything that Kubernetes refuses in finalizers (`ValidateFinalizerName`, `validateKubeFinalizerName`).
pub(super) fn validate_finalizers(subject: Subject, finalizers: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, finalizer) in finalizers.items().iter().enumerate() {
        let Some(finalizer) = finalizer.as_str() else { continue };
        let at = at.index(index);
        let has_error = check(subject, Syntax::QualifiedName, finalizer, "the finalizer", &at, violations);
        if !has_error && !finalizer.contains('/') && !STANDARD_FINALIZERS.contains(&finalizer) {
            let message = format!("the finalizer {} has no domain", quote(finalizer));
            violations.invalid(subject, &at, message, "write a domain and '/' before it");
        }
    }
    let has = |name: &str| finalizers.items().iter().any(|finalizer| finalizer.as_str() == Some(name));
    if !finalizers.items().is_empty() && has("orphan") && has("foregroundDeletion") {
        let message = "the finalizers orphan and foregroundDeletion exclude each other";
        violations.invalid(subject, at, message, "remove one of them");
    }
}

/// Reports a text that does not have a syntax, and returns whether there is an error. The message begins with `what`.
pub(super) fn check(
    subject: Subject,
    syntax: Syntax,
    text: &str,
    what: &str,
    at: &At<'_>,
    violations: &mut Violations,
) -> bool {
    let errors = syntax.errors(text);
    if errors.is_empty() {
        return false;
    }
    let message = format!("{what} {}", sentence(&errors));
    let violation = violations.invalid(subject, at, message, format!("write {}", syntax.form()));
    violation.is_about_key = what.ends_with("'s key");
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(validate: impl Fn(&Json<'_>, &At<'_>, &mut Violations), text: &str) -> Vec<String> {
        let json: Json<'_> = serde_json::from_str(text).expect("JSON");
        let mut violations = Violations::default();
        validate(&json, &At::Root(&Default::default), &mut violations);
        violations.all().iter().map(|violation| format!("{}: {}", violation.path, violation.message)).collect()
    }

    #[test]
    fn labels_are_checked_as_by_kubernetes() {
        let labels = |json: &Json<'_>, at: &At<'_>, violations: &mut Violations| {
            validate_labels(Subject::PodMetadata, json, |key| key == "mine", at, violations);
        };
        for (text, errors) in [
            (r#"{"a":"b","a.b/c":"","A_b":"B.c","n":1}"#, &[][..]),
            (r#"{"mine":"a b","a b":"c"}"#, &["[a b]: the label's key contains ' '"]),
            (
                r#"{"a/b/c":"-"}"#,
                &["[a/b/c]: the label's key contains '/' more than once", "[a/b/c]: the label's value begins with '-'"],
            ),
        ] {
            assert_eq!(found(labels, text), errors, "{text}");
        }
    }

    #[test]
    fn annotations_are_checked_as_by_kubernetes() {
        let annotations = |json: &Json<'_>, at: &At<'_>, violations: &mut Violations| {
            validate_annotations(Subject::PodMetadata, json, at, violations);
        };
        let large = |size: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(size - 1));
        for (text, errors) in [
            // The last two characters have 'k' and "i̇" as their lower case.
            ("{\"A.B/c\":\"any text\",\"\u{212a}\":\"\",\"\u{130}\":\"\"}".to_owned(), &[][..]),
            (r#"{"a b":""}"#.to_owned(), &["[a b]: the annotation's key contains ' '"]),
            (large(MAX_ANNOTATIONS), &[]),
            (large(MAX_ANNOTATIONS + 1), &[": the annotations have 262145 bytes, more than 262144"]),
        ] {
            assert_eq!(found(annotations, &text), errors, "{}", &text[..20.min(text.len())]);
        }
    }

    #[test]
    fn finalizers_are_checked_as_by_kubernetes() {
        let finalizers = |json: &Json<'_>, at: &At<'_>, violations: &mut Violations| {
            validate_finalizers(Subject::PodMetadata, json, at, violations);
        };
        for (text, errors) in [
            (r#"["a.b/c","foregroundDeletion","kubernetes"]"#, &[][..]),
            (r#"["mine",""]"#, &["[0]: the finalizer \"mine\" has no domain", "[1]: the finalizer is empty"]),
            (r#"["a b"]"#, &["[0]: the finalizer contains ' '"]),
            (
                r#"["orphan","foregroundDeletion"]"#,
                &[": the finalizers orphan and foregroundDeletion exclude each other"],
            ),
        ] {
            assert_eq!(found(finalizers, text), errors, "{text}");
        }
    }
}
