//! The source of an environment variable's value.

use std::borrow::Cow;

use rayguard_manifest::json::Json;

use super::env_name::{SUBJECT, check_object_name, relaxed_error};
use super::pod::Pod;
use super::quantity::Quantity;
use super::{At, Subject, Violations, choice, file_path};
use crate::name::{Syntax, sentence};
use crate::reason::Reason;
use crate::spelling::quote;

/// The fields of a Pod that a variable may have as its value.
const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// The resources of a container that a variable may have as its value, besides huge pages.
pub(super) const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
];

/// Reports everything that Kubernetes refuses in `valueFrom` (`validateEnvVarValueFrom`).
///
/// Kubernetes before 1.35 ignores a `fileKeyRef`, so that the variable has no source.
pub(super) fn validate(source: &Json<'_>, has_value: bool, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    let (mut count, mut file) = (0, None);
    for (field, json) in source.entries() {
        if json.is_null() {
            continue;
        }
        match &**field {
            "fieldRef" => check_field(json, &at.field("fieldRef"), violations),
            "resourceFieldRef" => check_resource(json, &at.field("resourceFieldRef"), violations),
            "configMapKeyRef" => check_key(json, &at.field("configMapKeyRef"), violations),
            "secretKeyRef" => check_key(json, &at.field("secretKeyRef"), violations),
            "fileKeyRef" => {
                file = Some(json);
                continue;
            }
            _ => continue,
        }
        count += 1;
    }
    if let Some(file) = file {
        check_file(file, count, pod, at, violations);
    }
    if count == 0 && file.is_none() {
        let message = "the variable has no source";
        let help = "add a fieldRef, resourceFieldRef, configMapKeyRef or secretKeyRef, or write a value instead";
        violations.invalid(SUBJECT, at, message, help);
    } else if has_value {
        violations.invalid(SUBJECT, at, "the variable has a value and a source", "remove value or valueFrom");
    } else if count > 1 {
        violations.invalid(SUBJECT, at, "the variable has several sources", "keep one of them");
    } else if count == 1 && file.is_some() {
        let message = "the variable has several sources";
        violations.invalid(SUBJECT, at, message, "keep one of them").in_some_versions();
    }
}

/// Checks a reference to a field of the Pod (`validateObjectFieldSelector`).
fn check_field(reference: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(version) = reference.field("apiVersion").as_nonempty_str().filter(|version| *version != "v1") {
        let message = format!("the fields of Pods have no version {}", quote(version));
        violations.invalid(SUBJECT, &at.field("apiVersion"), message, "write v1");
        return;
    }
    let Some(path) = reference.field("fieldPath").as_str() else { return };
    let at = at.field("fieldPath");
    if FIELDS.contains(&path) || path == "spec.host" {
        return;
    }
    let subscript = path.strip_suffix("']").and_then(|path| path.split_once("['")).filter(|(map, _)| !map.is_empty());
    let key = match subscript {
        Some(("metadata.labels", key)) => Some(Cow::Borrowed(key)),
        Some(("metadata.annotations", key)) => Some(Cow::Owned(key.to_lowercase())),
        _ => None,
    };
    if let Some(key) = key {
        let syntax = Syntax::QualifiedName;
        let errors = syntax.errors(&key);
        if !errors.is_empty() {
            let message = format!("the key {} {}", quote(&key), sentence(&errors));
            violations.invalid(SUBJECT, &at, message, format!("write {}", syntax.form()));
        }
    } else if path.is_empty() {
        violations.required(SUBJECT, &at, "the reference names no field", "write a field, such as status.podIP");
    } else {
        let message = format!("a variable cannot have the field {} as its value", quote(path));
        let help = choice::instruction(path, &FIELDS, ", or metadata.labels['KEY']", violations);
        violations.add(SUBJECT, Reason::NotSupported, &at, message, help);
    }
}

/// Checks a reference to a resource of a container (`validateContainerResourceFieldSelector`).
fn check_resource(reference: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let Some(resource) = reference.field("resource").as_str() else { return };
    if resource.is_empty() {
        violations.required(SUBJECT, &at.field("resource"), "the reference names no resource", "write limits.cpu");
    } else if !is_resource(resource) {
        let message = format!("a variable cannot have the resource {} as its value", quote(resource));
        let help = choice::instruction(resource, &RESOURCES, "", violations);
        violations.add(SUBJECT, Reason::NotSupported, &at.field("resource"), message, help);
    }
    check_divisor(reference, resource, SUBJECT, at, violations);
}

/// Reports whether a container has an amount of a resource that a variable or a file can contain.
pub(super) fn is_resource(resource: &str) -> bool {
    let is_huge_pages = ["limits.hugepages-", "requests.hugepages-"].iter().any(|prefix| resource.starts_with(prefix));
    RESOURCES.contains(&resource) || is_huge_pages
}

/// Checks the unit in which an amount of a resource is given (`validateContainerResourceDivisor`).
pub(super) fn check_divisor(
    reference: &Json<'_>,
    resource: &str,
    subject: Subject,
    at: &At<'_>,
    violations: &mut Violations,
) {
    let divisor = reference.field("divisor");
    let Some(quantity) = Quantity::read(divisor).filter(|quantity| quantity.nanos() != 0) else { return };
    let at = at.field("divisor");
    let unit = quantity.unit();
    if matches!(resource, "limits.cpu" | "requests.cpu") {
        if !matches!(unit, Some("1" | "1m")) {
            violations.invalid(subject, &at, "the divisor of cpu is 1 or 1m", "write 1 or 1m");
        }
    } else if is_resource(resource) && matches!(unit, None | Some("1m")) {
        let message = "the divisor of an amount of bytes is 1, or one unit, such as 1Mi";
        violations.invalid(subject, &at, message, "write 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi or 1Ei");
    }
}

/// Checks a reference to a key of a ConfigMap or Secret (`validateConfigMapKeySelector`, `validateSecretKeySelector`).
fn check_key(reference: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if reference.as_object().is_none() {
        return;
    }
    check_object_name(reference.field("name"), &at.field("name"), violations);
    let Some(key) = reference.field("key").as_str() else { return };
    let at = at.field("key");
    if key.is_empty() {
        violations.required(SUBJECT, &at, "the reference has no key", "write the key of the value");
    } else if let Some(error) = key_error(key) {
        let message = format!("no object can have the key {}: it {error}", quote(key));
        violations.invalid(SUBJECT, &at, message, "write at most 253 letters, digits, '-', '_' and '.'");
    }
}

/// Returns what is wrong with a key of a ConfigMap or Secret, as a predicate (`IsConfigMapKey`).
fn key_error(key: &str) -> Option<String> {
    let is_allowed = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_');
    // Without an early end, the compiler checks several bytes at a time.
    let is_plain = key
        .bytes()
        .fold(true, |is_plain, byte| is_plain & matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_'));
    if is_plain && key.len() <= 253 {
        None
    } else if key.len() > 253 {
        Some(format!("has {} characters, more than 253", key.len()))
    } else if let Some(char) = key.chars().find(|char| !is_allowed(char)) {
        Some(format!("contains {char:?}"))
    } else if key == "." {
        Some("is \".\"".to_owned())
    } else if key.starts_with("..") {
        Some("begins with \"..\"".to_owned())
    } else {
        None
    }
}

/// Checks a reference to a key of a file (`validateFileKeySelector`, `validateFileKeyRefVolumes`). `others` is the number
/// of other sources.
///
/// Without another source, Kubernetes before 1.35 refuses the variable in any case, and a wrong reference is refused by
/// all versions. With another source, Kubernetes before 1.35 uses that one.
fn check_file(reference: &Json<'_>, others: usize, pod: &Pod<'_>, source: &At<'_>, violations: &mut Violations) {
    let at = source.field("fileKeyRef");
    let mut errors = Vec::new();
    let volume = reference.field("volumeName").as_str();
    match volume.map(|name| (name, pod.volume(name))) {
        Some(("", _)) => errors.push(("volumeName", "the reference names no volume".to_owned())),
        Some((_, Some(volume))) if !is_empty_dir(volume) => {
            errors.push(("volumeName", "the file must be in an emptyDir volume".to_owned()));
        }
        Some((name, None)) if !pod.added.volumes.contains(&name) => {
            errors.push(("volumeName", format!("the Pod has no emptyDir volume with the name {}", quote(name))));
        }
        _ => {}
    }
    match reference.field("path").as_str() {
        Some("") => errors.push(("path", "the reference has no path".to_owned())),
        Some(path) if file_path::has_backsteps(path) => errors.push(("path", "the path contains '..'".to_owned())),
        _ => {}
    }
    match reference.field("key").as_str() {
        Some("") => errors.push(("key", "the reference has no key".to_owned())),
        Some(key) => {
            let error = relaxed_error(key).map(|char| ("key", format!("the key {} contains {char:?}", quote(key))));
            errors.extend(error);
        }
        None => {}
    }
    let is_refused_by_all = others == 0;
    if errors.is_empty() {
        let message = "Kubernetes before 1.35 does not know fileKeyRef";
        let help = "use a configMapKeyRef or secretKeyRef, unless the cluster has Kubernetes 1.35 or later";
        violations.forbidden(SUBJECT, &at, message, help).in_some_versions();
    }
    for (field, message) in errors {
        let help = "write the key of a file in an emptyDir volume of the Pod";
        let violation = violations.invalid(SUBJECT, &at.field(field), message, help);
        if !is_refused_by_all {
            violation.in_some_versions();
        }
    }
}

/// Reports whether a volume is an `emptyDir`. Kubernetes makes an `emptyDir` of a volume without a source
/// (`SetDefaults_Volume`).
fn is_empty_dir(volume: &Json<'_>) -> bool {
    volume.entries().iter().all(|(name, source)| name == "name" || name == "emptyDir" || source.is_null())
}
