//! Environment variables of a container.

use rayguard_manifest::json::Json;

use super::env_name::{SUBJECT, check_object_prefix, relaxed_error};
use super::pod::Pod;
use super::pod_template::Added;
use super::{At, Violations, env_source};
use crate::spelling::quote;

/// Reports everything that Kubernetes refuses in `env` (`ValidateEnv`).
pub(super) fn validate(env: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, var) in env.items().iter().enumerate() {
        let (mut name, mut value, mut source) = (None, None, None);
        for (field, json) in var.entries() {
            match &**field {
                "name" => name = json.as_str(),
                "value" => value = Some(json),
                "valueFrom" => source = json.as_object().map(|_| json),
                _ => {}
            }
        }
        let at = at.index(index);
        match name {
            Some("") => {
                violations.required(SUBJECT, &at.field("name"), "the variable has no name", "write a name");
            }
            Some(name) => check_name(name, &at.field("name"), violations),
            // The schema requires a name.
            None => {}
        }
        if let Some(source) = source {
            let has_value = value.is_some_and(|value| value.as_nonempty_str().is_some());
            env_source::validate(source, has_value, pod, &at.field("valueFrom"), violations);
        }
    }
}

/// Reports everything that Kubernetes refuses in the value of a variable that is written outside of a Pod
/// (`validateEnvVarValueFrom`). Only some versions know `fileKeyRef`, so a variable with one is not checked.
pub(crate) fn validate_value(var: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let source = var.field("valueFrom");
    if source.as_object().is_some() && source.field("fileKeyRef").is_null() {
        let pod = Pod::read(&Json::Null, Added::default());
        let has_value = var.field("value").as_nonempty_str().is_some();
        env_source::validate(source, has_value, &pod, &at.field("valueFrom"), violations);
    }
}

/// Reports everything that Kubernetes refuses in `envFrom` (`ValidateEnvFrom`).
pub(super) fn validate_from(env_from: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, source) in env_from.items().iter().enumerate() {
        let at = at.index(index);
        if source.as_object().is_none() {
            continue;
        }
        if let Some(prefix) = source.field("prefix").as_nonempty_str() {
            check_name(prefix, &at.field("prefix"), violations);
        }
        let refs = ["configMapRef", "secretRef"].map(|field| (field, source.field(field)));
        let [is_config_map, is_secret] = refs.map(|(_, json)| !json.is_null());
        for (field, json) in refs {
            if json.as_object().is_some() {
                check_object_prefix(json.field("name"), &at.field(field).field("name"), violations);
            }
        }
        if is_config_map && is_secret {
            let message = "an entry has either a configMapRef or a secretRef";
            violations.invalid(SUBJECT, &at, message, "write an entry for each of them");
        } else if !is_config_map && !is_secret {
            let message = "the entry has no source of variables";
            violations.invalid(SUBJECT, &at, message, "add a configMapRef or a secretRef, or remove the entry");
        }
    }
}

/// Reports a name that is not that of an environment variable. Since Kubernetes 1.32, all printable ASCII characters
/// but `=` are allowed (`IsRelaxedEnvVarName`, before that `IsEnvVarName`).
fn check_name(name: &str, at: &At<'_>, violations: &mut Violations) {
    if is_identifier(name) {
        return;
    }
    if let Some(char) = relaxed_error(name) {
        let message = format!("the name {} contains {char:?}", quote(name));
        violations.invalid(SUBJECT, at, message, "write letters, digits and '_', the first not a digit");
    } else if let Some(error) = strict_error(name) {
        let message = format!("Kubernetes before 1.32 refuses the name {}, because it {error}", quote(name));
        let help = "write letters, digits, '_', '-' and '.', the first not a digit";
        violations.invalid(SUBJECT, at, message, help).in_some_versions();
    }
}

/// Reports whether a name has only letters, digits and underscores, as almost all names have.
fn is_identifier(name: &str) -> bool {
    // Without an early end, the compiler checks several bytes at a time.
    let is_word = name
        .bytes()
        .fold(true, |is_word, byte| is_word & matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    is_word && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

/// Returns why Kubernetes before 1.32 refuses the name of a variable, as a predicate.
fn strict_error(name: &str) -> Option<String> {
    let is_allowed = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_');
    if let Some(char) = name.chars().find(|char| !is_allowed(char)) {
        Some(format!("contains {char:?}"))
    } else if name.starts_with(|first: char| first.is_ascii_digit()) {
        Some("begins with a digit".to_owned())
    } else if name == "." {
        Some("is \".\"".to_owned())
    } else if name.starts_with("..") {
        Some("begins with \"..\"".to_owned())
    } else {
        None
    }
}
