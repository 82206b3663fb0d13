//! Values of which Kubernetes knows only a few.

use super::{At, Subject, Violation, Violations};
use crate::reason::Reason;
use crate::spelling::{closest, list, quote};

/// Reports a value that is not one of the known ones, and returns the violation. A value that differs only in upper and
/// lower case gets a fix.
pub(super) fn check<'v>(
    value: &str,
    choices: &[&'static str],
    subject: Subject,
    at: &At<'_>,
    violations: &'v mut Violations,
) -> Option<&'v mut Violation> {
    if choices.contains(&value) {
        return None;
    }
    let help = match meant(value, choices) {
        Some(similar) => format!("write {similar}"),
        None => format!("write {}", list(choices, "or")),
    };
    let message = match at {
        At::Field(_, field) | At::Index(At::Field(_, field), _) => {
            format!("{} is not one of the values of {field}", quote(value))
        }
        _ => format!("{} is not one of the values that Kubernetes knows", quote(value)),
    };
    let violation = violations.add(subject, Reason::NotSupported, at, message, help);
    if let Some(meant) = in_any_case(value, choices) {
        violation.fix_by_value(meant);
    }
    Some(violation)
}

/// Returns the choice that is most similar to a value that is not one of the choices, if any is similar.
pub(super) fn meant(value: &str, choices: &[&'static str]) -> Option<&'static str> {
    in_any_case(value, choices).or_else(|| closest(value, choices))
}

/// Returns the choice that differs from a value only in upper and lower case.
fn in_any_case(value: &str, choices: &[&'static str]) -> Option<&'static str> {
    choices.iter().copied().find(|choice| choice.eq_ignore_ascii_case(value))
}

/// The number of violations of an object after which none gets a suggestion. More of them do not help, and take time.
const MOST_SUGGESTIONS: usize = 100;

/// Returns the instruction to write the choice that is most similar to a value, or one of all choices.
pub(super) fn instruction(value: &str, choices: &[&str], others: &str, violations: &Violations) -> String {
    let may_suggest = violations.all().len() < MOST_SUGGESTIONS;
    match may_suggest.then(|| closest(value, choices)).flatten() {
        Some(choice) => format!("write {choice}"),
        None => format!("write {}{others}", list(choices, "or")),
    }
}
