//! `matchLabelKeys` and `mismatchLabelKeys`: keys of labels whose values Kubernetes takes from the Pod itself.

use std::collections::HashSet;

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, syntax};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Scheduling;

/// Reports what Kubernetes refuses in the `matchLabelKeys` of a topology spread constraint. Up to 1.33, this is
/// `ValidateMatchLabelKeysInTopologySpread`. From 1.34, Kubernetes first adds the keys that are labels of the Pod to the
/// selector, and then refuses a key that the selector has twice.
pub(super) fn validate_spread(keys: &Json<'_>, selector: Option<&Json<'_>>, at: &At<'_>, violations: &mut Violations) {
    let keys_at = at.field("matchLabelKeys");
    let Some(selector) = with_selector(keys, selector, &keys_at, false, violations) else { return };
    names(keys, &keys_at, false, violations);
    let (once, twice) = selected_keys(selector);
    for (index, key) in keys.items().iter().enumerate() {
        let Some(key) = key.as_str().filter(|key| once.contains(key)) else { continue };
        let violation = in_both(&keys_at.index(index), "labelSelector", violations);
        if !twice.contains(key) {
            violation.in_some_versions();
        }
    }
}

/// Reports what Kubernetes refuses in `matchLabelKeys` and `mismatchLabelKeys` of a term of Pod affinity
/// (`ValidateMatchLabelKeysAndMismatchLabelKeys`). Kubernetes 1.30 ignores both fields.
pub(super) fn validate_affinity(term: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let [keys, mismatch_keys] = ["matchLabelKeys", "mismatchLabelKeys"].map(|field| term.field(field));
    if keys.items().is_empty() && mismatch_keys.items().is_empty() {
        return;
    }
    let selector = term.field("labelSelector").as_object().map(|_| term.field("labelSelector"));
    for (field, keys) in [("matchLabelKeys", keys), ("mismatchLabelKeys", mismatch_keys)] {
        let at = at.field(field);
        if with_selector(keys, selector, &at, true, violations).is_some() {
            names(keys, &at, true, violations);
        }
    }
    let mismatched: HashSet<_> = mismatch_keys.items().iter().filter_map(Json::as_str).collect();
    let (once, _) = selector.map(selected_keys).unwrap_or_default();
    let at = at.field("matchLabelKeys");
    for (index, key) in keys.items().iter().enumerate() {
        let Some(key) = key.as_str() else { continue };
        if mismatched.contains(key) {
            in_both(&at.index(index), "mismatchLabelKeys", violations).in_some_versions();
        }
        if once.contains(key) {
            in_both(&at.index(index), "labelSelector", violations).in_some_versions();
        }
    }
}

fn in_both<'v>(at: &At<'_>, other: &str, violations: &'v mut Violations) -> &'v mut super::Violation {
    let message = format!("the key is also in {other}");
    violations.invalid(SUBJECT, at, message, format!("remove it here, or in {other}"))
}

/// Returns the selector; reports keys without one.
fn with_selector<'s, 'a>(
    keys: &Json<'_>,
    selector: Option<&'s Json<'a>>,
    at: &At<'_>,
    in_some_versions: bool,
    violations: &mut Violations,
) -> Option<&'s Json<'a>> {
    if keys.items().is_empty() {
        return None;
    }
    if selector.is_none() {
        let message = "the keys have no effect without a labelSelector";
        let violation = violations.forbidden(SUBJECT, at, message, "add a labelSelector, or remove the keys");
        violation.is_uncertain = in_some_versions;
    }
    selector
}

fn names(keys: &Json<'_>, at: &At<'_>, in_some_versions: bool, violations: &mut Violations) {
    for (index, key) in keys.items().iter().enumerate() {
        let Some(key) = key.as_str() else { continue };
        let at = at.index(index);
        if let Some(found) = syntax::check(SUBJECT, Syntax::QualifiedName, key, "the label key", &at, violations) {
            found.is_uncertain = in_some_versions;
        }
    }
}

/// Returns the keys of a selector, and those that an expression repeats.
fn selected_keys<'s>(selector: &'s Json<'_>) -> (HashSet<&'s str>, HashSet<&'s str>) {
    let mut once: HashSet<&str> = selector.field("matchLabels").entries().iter().map(|(key, _)| &**key).collect();
    let mut twice = HashSet::new();
    for key in selector.field("matchExpressions").items().iter().filter_map(|item| item.field("key").as_str()) {
        if !once.insert(key) {
            twice.insert(key);
        }
    }
    (once, twice)
}
