//! Volumes of files from Secrets, `ConfigMaps` and fields of the Pod.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, choice, env_source, syntax, volume_path};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Volume;

/// The fields of a Pod that a file can contain.
const FIELDS: &[&str] =
    &["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"];

/// Reports what Kubernetes refuses in a volume of a Secret (`validateSecretVolumeSource`).
pub(super) fn validate_secret(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, syntax::Required::Here("secretName"), at, violations);
    mode(source, "defaultMode", at, violations);
    validate_items(source, at, violations, |_, _, _| {});
}

/// Reports what Kubernetes refuses in a volume of a `ConfigMap` (`validateConfigMapVolumeSource`).
pub(super) fn validate_config_map(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, syntax::Required::Here("name"), at, violations);
    mode(source, "defaultMode", at, violations);
    validate_items(source, at, violations, |_, _, _| {});
}

/// Reports what Kubernetes refuses in a volume of fields of the Pod (`validateDownwardAPIVolumeSource`).
pub(super) fn validate_downward_api(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    mode(source, "defaultMode", at, violations);
    validate_pod_fields(source, at, violations, |_, _, _| {});
}

/// Reports what Kubernetes refuses in the `items` of a Secret or `ConfigMap` (`validateKeyToPath`). `visit` receives each
/// path that is not empty.
pub(super) fn validate_items<'s>(
    source: &'s Json<'_>,
    at: &At<'_>,
    violations: &mut Violations,
    mut visit: impl FnMut(&'s str, &At<'_>, &mut Violations),
) {
    for (index, item) in source.field("items").items().iter().enumerate() {
        let at = at.field("items");
        let at = at.index(index);
        syntax::text(SUBJECT, item, syntax::Required::BySchema("key"), &at, violations);
        file(item, &at, violations, &mut visit);
    }
}

/// Reports what Kubernetes refuses in the `items` of a `downwardAPI` (`validateDownwardAPIVolumeFile`). `visit` receives
/// each path that is not empty.
pub(super) fn validate_pod_fields<'s>(
    source: &'s Json<'_>,
    at: &At<'_>,
    violations: &mut Violations,
    mut visit: impl FnMut(&'s str, &At<'_>, &mut Violations),
) {
    for (index, item) in source.field("items").items().iter().enumerate() {
        let at = at.field("items");
        let at = at.index(index);
        file(item, &at, violations, &mut visit);
        let [field, resource] = ["fieldRef", "resourceFieldRef"].map(|name| item.field(name));
        match (field.as_object().is_some(), resource.as_object().is_some()) {
            (true, true) => {
                let message = "the file has fieldRef and resourceFieldRef";
                violations.invalid(SUBJECT, &at, message, "remove one of them");
            }
            (true, false) => pod_field(field, &at.field("fieldRef"), violations),
            (false, true) => container_resource(resource, &at.field("resourceFieldRef"), violations),
            // A value of the wrong type is reported by the rule malformed-field.
            (false, false) if item.entry("fieldRef").or(item.entry("resourceFieldRef")).is_none() => {
                let message = "the file has no content";
                violations.required(SUBJECT, &at, message, "add fieldRef or resourceFieldRef");
            }
            (false, false) => {}
        }
    }
}

/// Reports the path and the mode of a file.
fn file<'s>(
    item: &'s Json<'_>,
    at: &At<'_>,
    violations: &mut Violations,
    visit: &mut impl FnMut(&'s str, &At<'_>, &mut Violations),
) {
    syntax::text(SUBJECT, item, syntax::Required::BySchema("path"), at, violations);
    mode(item, "mode", at, violations);
    if let Some(path) = item.field("path").as_nonempty_str() {
        let at = at.field("path");
        volume_path::in_volume(path, &at, violations);
        visit(path, &at, violations);
    }
}

/// Reports a mode of files that is not between 0 and 0777.
pub(super) fn mode(parent: &Json<'_>, name: &'static str, at: &At<'_>, violations: &mut Violations) {
    let Some(mode) = parent.field(name).as_i64().filter(|mode| !(0..=0o777).contains(mode)) else { return };
    let message = format!("the mode {mode} is not from 0 to 511, which is 0777 in octal");
    // A mode such as 644 is octal without the leading 0.
    let help = match u16::from_str_radix(&mode.to_string(), 8) {
        Ok(octal) if octal <= 0o777 => format!("write {octal}, which is 0{mode} in octal"),
        _ => "write a mode from 0 to 511".to_owned(),
    };
    violations.invalid(SUBJECT, &at.field(name), message, help);
}

/// Reports a field of the Pod that a file cannot contain (`validateObjectFieldSelector`).
fn pod_field(selector: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(version) = selector.field("apiVersion").as_nonempty_str().filter(|version| *version != "v1") {
        let message = format!("the version {} does not exist", crate::spelling::quote(version));
        violations.invalid(SUBJECT, &at.field("apiVersion"), message, "write v1");
        return;
    }
    syntax::text(SUBJECT, selector, syntax::Required::BySchema("fieldPath"), at, violations);
    let Some(path) = selector.field("fieldPath").as_nonempty_str() else { return };
    let at = at.field("fieldPath");
    let subscript = path.strip_suffix("']").and_then(|path| path.split_once("['")).filter(|(map, _)| !map.is_empty());
    match subscript {
        Some(("metadata.annotations", key)) => {
            let key = syntax::lower(key);
            syntax::check(SUBJECT, Syntax::QualifiedName, &key, "the annotation key", &at, violations);
        }
        Some(("metadata.labels", key)) => {
            syntax::check(SUBJECT, Syntax::QualifiedName, key, "the label key", &at, violations);
        }
        Some(_) => {
            let message = "only metadata.labels and metadata.annotations have keys";
            violations.invalid(SUBJECT, &at, message, "remove the key");
        }
        None => {
            choice::check(path, FIELDS, SUBJECT, &at, violations);
        }
    }
}

/// Reports a resource of a container that a file cannot contain (`validateContainerResourceFieldSelector`).
fn container_resource(selector: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, selector, syntax::Required::Here("containerName"), at, violations);
    syntax::text(SUBJECT, selector, syntax::Required::BySchema("resource"), at, violations);
    let Some(resource) = selector.field("resource").as_nonempty_str() else { return };
    if !env_source::is_resource(resource) {
        choice::check(resource, &env_source::RESOURCES, SUBJECT, &at.field("resource"), violations);
    }
    env_source::check_divisor(selector, resource, SUBJECT, at, violations);
}
