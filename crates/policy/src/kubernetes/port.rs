//! Port numbers and names of ports.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations};
use crate::spelling::quote;

/// Instruction for a port name.
pub(super) const NAME_FORM: &str = "write at most 15 of a-z, 0-9 and '-', at least one letter, no '-' at an end";

/// Reports whether a number is that of a port (`IsValidPortNum`).
pub(super) fn is_number(number: i64) -> bool {
    (1..=65535).contains(&number)
}

/// Returns what is wrong with the name of a port, as a predicate (`IsValidPortName`).
pub(super) fn name_error(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    let is_allowed = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if name.len() > 15 {
        Some(format!("has {} characters, more than 15", name.len()))
    } else if let Some(char) = name.chars().find(|char| !is_allowed(*char)) {
        Some(format!("contains {char:?}"))
    } else if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Some("has no letter".to_owned())
    } else if name.contains("--") {
        Some("contains \"--\"".to_owned())
    } else if name.starts_with('-') || name.ends_with('-') {
        Some("begins or ends with '-'".to_owned())
    } else {
        None
    }
}

/// Reports a port that is neither a number from 1 to 65535 nor the name of a port (`ValidatePortNumOrName`).
pub(super) fn check_number_or_name(port: &Json<'_>, subject: Subject, at: &At<'_>, violations: &mut Violations) {
    match port {
        Json::Number(_) => {
            if let Some(number) = port.as_i64() {
                check_number(number, subject, at, violations);
            }
        }
        Json::String(name) => {
            let Some(error) = name_error(name) else { return };
            match name.parse().ok().filter(|number: &u16| *number > 0) {
                Some(number) => {
                    let message = format!("{} is a text, which Kubernetes reads as the name of a port", quote(name));
                    let help = format!("write {number} without quotes");
                    violations.invalid(subject, at, message, help).fix_by_value(Json::Number(number.into()));
                }
                None => {
                    violations.invalid(subject, at, format!("the port name {} {error}", quote(name)), NAME_FORM);
                }
            }
        }
        _ => {}
    }
}

/// Reports a number that is not that of a port.
pub(super) fn check_number(number: i64, subject: Subject, at: &At<'_>, violations: &mut Violations) {
    if !is_number(number) {
        violations.invalid(
            subject,
            at,
            format!("{number} is not the number of a port"),
            "write a number from 1 to 65535",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names are accepted or refused as by `IsValidPortName` of k8s.io/apimachinery v0.37.2.
    #[test]
    fn names_of_ports_have_a_letter() {
        for (name, error) in [
            ("http", None),
            ("a-1", None),
            ("8080a", None),
            ("abcdefghijklmno", None),
            ("", Some("is empty")),
            ("abcdefghijklmnop", Some("has 16 characters, more than 15")),
            ("Http", Some("contains 'H'")),
            ("a_b", Some("contains '_'")),
            ("8080", Some("has no letter")),
            ("a--b", Some("contains \"--\"")),
            ("-a", Some("begins or ends with '-'")),
            ("a-", Some("begins or ends with '-'")),
        ] {
            assert_eq!(name_error(name).as_deref(), error, "{name}");
        }
    }
}
