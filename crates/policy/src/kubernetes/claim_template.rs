//! Ephemeral volumes with a template of a `PersistentVolumeClaim`.

use rayguard_manifest::json::Json;

use super::quantity::Quantity;
use super::syntax::Required;
use super::{At, Subject, Violations, choice, metadata, selector, syntax};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Volume;

const ACCESS_MODES: &[&str] = &["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];

/// Reports what Kubernetes refuses in an ephemeral volume (`validateEphemeralVolumeSource`).
pub(super) fn validate(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let at = at.field("volumeClaimTemplate");
    let Some(template) = source.entry("volumeClaimTemplate") else {
        let message = "an ephemeral volume needs the template of a claim";
        violations.required(SUBJECT, &at, message, "add the template");
        return;
    };
    metadata(template.field("metadata"), &at.field("metadata"), violations);
    if template.field("spec").as_object().is_some() {
        validate_spec(template.field("spec"), &at.field("spec"), violations);
    }
}

/// Reports what Kubernetes refuses in the metadata of a template (`ValidateTemplateObjectMeta`).
fn metadata(metadata: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    metadata::validate_labels(SUBJECT, metadata.field("labels"), |_| false, &at.field("labels"), violations);
    metadata::validate_annotations(SUBJECT, metadata.field("annotations"), &at.field("annotations"), violations);
    for field in ["name", "namespace", "finalizers"] {
        let value = metadata.field(field);
        if value.as_nonempty_str().is_some() || !value.items().is_empty() {
            let message = "the template of a claim allows only labels and annotations";
            violations.forbidden(SUBJECT, &at.field(field), message, "remove it");
        }
    }
}

/// Reports what Kubernetes refuses in the spec of a claim (`ValidatePersistentVolumeClaimSpec`).
fn validate_spec(spec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    access_modes(spec, &at.field("accessModes"), violations);
    selector::validate(spec.field("selector"), SUBJECT, &at.field("selector"), violations);
    storage(spec, at, violations);
    if let Some(class) = spec.field("storageClassName").as_nonempty_str() {
        let at = at.field("storageClassName");
        syntax::check(SUBJECT, Syntax::Dns1123Subdomain, class, "the name", &at, violations);
    }
    if let Some(mode) = spec.field("volumeMode").as_str() {
        choice::check(mode, &["Block", "Filesystem"], SUBJECT, &at.field("volumeMode"), violations);
    }
    if let Some(class) = spec.field("volumeAttributesClassName").as_nonempty_str() {
        let at = at.field("volumeAttributesClassName");
        // Kubernetes before 1.34 ignores the field.
        if let Some(found) = syntax::check(SUBJECT, Syntax::Dns1123Subdomain, class, "the name", &at, violations) {
            found.in_some_versions();
        }
    }
    data_sources(spec, at, violations);
}

fn access_modes(spec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let modes = spec.field("accessModes");
    if modes.items().is_empty() {
        if matches!(spec.entry("accessModes"), None | Some(Json::Array(_))) {
            violations.required(SUBJECT, at, "there is no access mode", "write accessModes: [ReadWriteOnce]");
        }
        return;
    }
    let (mut once_pod, mut others) = (false, false);
    for (index, mode) in modes.items().iter().enumerate() {
        let Some(mode) = mode.as_str() else { continue };
        let is_known = choice::check(mode, ACCESS_MODES, SUBJECT, &at.index(index), violations).is_none();
        once_pod |= mode == "ReadWriteOncePod";
        others |= is_known && mode != "ReadWriteOncePod";
    }
    if once_pod && others {
        let message = "ReadWriteOncePod allows no other access mode";
        violations.forbidden(SUBJECT, at, message, "remove ReadWriteOncePod, or the others");
    }
}

/// Reports a size that is missing or not greater than 0. The path is the topmost field that is missing.
fn storage(spec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let (resources, missing) = (spec.entry("resources"), "the size of the volume is missing");
    let at = at.field("resources");
    let Some(resources) = resources else {
        violations.required(SUBJECT, &at, missing, "write resources: {requests: {storage: 10Gi}}");
        return;
    };
    let at = at.field("requests");
    match (resources.entry("requests"), resources.field("requests").entry("storage")) {
        (None, _) => {
            violations.required(SUBJECT, &at, missing, "write requests: {storage: 10Gi}");
        }
        (Some(Json::Object(_)), None) => {
            violations.required(SUBJECT, &at.key("storage"), missing, "write a size such as 10Gi");
        }
        (_, Some(size)) if Quantity::read(size).is_some_and(|size| size.nanos() <= 0) => {
            let message = "the size is not greater than 0";
            violations.invalid(SUBJECT, &at.key("storage"), message, "write a size such as 10Gi");
        }
        _ => {}
    }
}

/// Reports what Kubernetes refuses in the objects with which the volume is filled.
fn data_sources(spec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for field in ["dataSource", "dataSourceRef"] {
        let reference = spec.field(field);
        if reference.as_object().is_none() {
            continue;
        }
        let at = at.field(field);
        syntax::text(SUBJECT, reference, Required::BySchema("name"), &at, violations);
        syntax::text(SUBJECT, reference, Required::BySchema("kind"), &at, violations);
        match (reference.field("apiGroup").as_nonempty_str(), reference.field("kind").as_str()) {
            (Some(group), _) => {
                let at = at.field("apiGroup");
                syntax::check(SUBJECT, Syntax::Dns1123Subdomain, group, "the group", &at, violations);
            }
            (None, Some(kind)) if kind != "PersistentVolumeClaim" => {
                let message = "a kind other than PersistentVolumeClaim needs apiGroup";
                violations.invalid(SUBJECT, &at.field("apiGroup"), message, "write the group of the kind");
            }
            _ => {}
        }
    }
    let [source, reference] = ["dataSource", "dataSourceRef"].map(|field| spec.field(field));
    let namespace = reference.field("namespace").as_nonempty_str();
    if let Some(namespace) = namespace {
        let at = at.field("dataSourceRef");
        let at = at.field("namespace");
        syntax::check(SUBJECT, Syntax::Dns1123Label, namespace, "the namespace", &at, violations);
    }
    if source.as_object().is_none() || reference.as_object().is_none() {
        return;
    }
    let at = at.field("dataSource");
    if namespace.is_some() {
        let message = "dataSourceRef.namespace allows no dataSource";
        violations.invalid(SUBJECT, &at, message, "remove dataSource");
    } else if ["apiGroup", "kind", "name"]
        .iter()
        .any(|field| source.field(field).as_str() != reference.field(field).as_str())
    {
        let message = "dataSource is not equal to dataSourceRef";
        violations.invalid(SUBJECT, &at, message, "remove one of them, or make them equal");
    }
}
