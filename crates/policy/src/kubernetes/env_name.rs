//! The names of environment variables, and of the objects that they refer to.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations};
use crate::name::{Syntax, sentence};
use crate::spelling::quote;

pub(super) const SUBJECT: Subject = Subject::EnvironmentVariable;

/// Returns the first character that no version of Kubernetes allows in the name of a variable.
pub(super) fn relaxed_error(name: &str) -> Option<char> {
    name.chars().find(|char| !matches!(char, ' '..='~') || *char == '=')
}

/// Reports the name of a ConfigMap or Secret that is missing or that none can have.
pub(super) fn check_object_name(name: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    check(name, false, at, violations);
}

/// Reports the name of a ConfigMap or Secret that is missing or that none can begin with. Kubernetes checks a reference to
/// all keys of an object as if its name were the beginning of one (`maskTrailingDash`).
pub(super) fn check_object_prefix(name: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    check(name, true, at, violations);
}

fn check(name: &Json<'_>, is_prefix: bool, at: &At<'_>, violations: &mut Violations) {
    match name.as_str() {
        Some(name) if is_plain(name) => {}
        None if !name.is_null() => {}
        None | Some("") => {
            violations.required(SUBJECT, at, "the reference has no name", "write the name of the object");
        }
        Some(name) => {
            let syntax = Syntax::Dns1123Subdomain;
            let start =
                name.strip_suffix('-').filter(|start| is_prefix && start.ends_with(|last: char| last.is_ascii()));
            let masked = start.map(|start| format!("{}a", &start[..start.len() - 1]));
            let errors = syntax.errors(masked.as_deref().unwrap_or(name));
            if !errors.is_empty() {
                let message = format!("no object can have the name {}: it {}", quote(name), sentence(&errors));
                violations.invalid(SUBJECT, at, message, format!("write {}", syntax.form()));
            }
        }
    }
}

/// Reports whether a name has only lower-case letters, digits and inner `-`, as almost all names have.
fn is_plain(name: &str) -> bool {
    let bytes = name.as_bytes();
    // Without an early end, the compiler checks several bytes at a time.
    let has_plain_bytes =
        bytes.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let [first, .., last] = bytes else { return false };
    has_plain_bytes && bytes.len() <= 253 && *first != b'-' && *last != b'-'
}
