//! Volumes of disks, and of storage drivers.

use rayguard_manifest::json::Json;

use super::syntax::Required;
use super::{At, Subject, Violations, choice, syntax};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Volume;

/// The maximum length of the name of a CSI driver, in bytes.
const LONGEST_DRIVER: usize = 63;

pub(super) fn validate_gce(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "pdName", at, violations);
    syntax::range(SUBJECT, source.field("partition"), 0..=255, &at.field("partition"), violations);
}

pub(super) fn validate_aws(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "volumeID", at, violations);
    syntax::range(SUBJECT, source.field("partition"), 0..=255, &at.field("partition"), violations);
}

pub(super) fn validate_azure_file(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "secretName", at, violations);
    required(source, "shareName", at, violations);
}

pub(super) fn validate_azure_disk(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "diskName", at, violations);
    required(source, "diskURI", at, violations);
    if let Some(mode) = source.field("cachingMode").as_str() {
        choice::check(mode, &["None", "ReadOnly", "ReadWrite"], SUBJECT, &at.field("cachingMode"), violations);
    }
    // The default of Kubernetes.
    let mut kind = "Shared";
    if let Some(own) = source.field("kind").as_str() {
        kind = own;
        if choice::check(kind, &["Dedicated", "Managed", "Shared"], SUBJECT, &at.field("kind"), violations).is_some() {
            return;
        }
    }
    let start = if kind == "Managed" { "/subscriptions/" } else { "https://" };
    if source.field("diskURI").as_nonempty_str().is_some_and(|uri| !uri.starts_with(start)) {
        let message = format!("the URI of a disk of the kind {kind} begins with {start}");
        let help = if source.entry("kind").is_none() && source.field("diskURI").as_str().is_some_and(is_managed) {
            "add kind: Managed to azureDisk"
        } else {
            "write such a URI, or another kind"
        };
        violations.invalid(SUBJECT, &at.field("diskURI"), message, help);
    }
}

fn is_managed(uri: &str) -> bool {
    uri.starts_with("/subscriptions/")
}

pub(super) fn validate_vsphere(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "volumePath", at, violations);
}

pub(super) fn validate_photon(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "pdID", at, violations);
}

pub(super) fn validate_portworx(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "volumeID", at, violations);
}

pub(super) fn validate_cinder(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "volumeID", at, violations);
    secret_reference(source, at, violations);
}

pub(super) fn validate_scale_io(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "gateway", at, violations);
    required(source, "system", at, violations);
    syntax::text(SUBJECT, source, Required::Here("volumeName"), at, violations);
}

pub(super) fn validate_storage_os(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, Required::Here("volumeName"), at, violations);
    for field in ["volumeName", "volumeNamespace"] {
        if let Some(name) = source.field(field).as_nonempty_str() {
            syntax::check(SUBJECT, Syntax::Dns1123Label, name, "the name", &at.field(field), violations);
        }
    }
    secret_reference(source, at, violations);
}

pub(super) fn validate_flocker(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let [name, uuid] = ["datasetName", "datasetUUID"].map(|field| source.field(field).as_str().unwrap_or_default());
    match (name, uuid) {
        ("", "") => {
            violations.required(SUBJECT, at, "the dataset is missing", "add datasetName");
        }
        ("", _) | (_, "") => {}
        _ => {
            violations.invalid(SUBJECT, at, "the source has datasetName and datasetUUID", "remove one of them");
        }
    }
    if name.contains('/') {
        violations.invalid(SUBJECT, &at.field("datasetName"), "the name contains '/'", "write a name without '/'");
    }
}

pub(super) fn validate_fibre_channel(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let [names, identifiers] = ["targetWWNs", "wwids"].map(|field| !source.field(field).items().is_empty());
    let at_names = at.field("targetWWNs");
    match (names, identifiers) {
        (false, false) => {
            violations.required(SUBJECT, &at_names, "there is neither targetWWNs nor wwids", "add one of them");
        }
        (true, true) => {
            violations.invalid(SUBJECT, &at_names, "the source has targetWWNs and wwids", "remove one of them");
        }
        _ => {}
    }
    if names {
        if source.entry("lun").is_none() {
            violations.required(SUBJECT, &at.field("lun"), "targetWWNs need a lun", "write a number from 0 to 255");
        }
        syntax::range(SUBJECT, source.field("lun"), 0..=255, &at.field("lun"), violations);
    }
}

/// Reports what Kubernetes refuses in a volume of a flex driver (`validateFlexVolumeSource`).
pub(super) fn validate_flex(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "driver", at, violations);
    for (key, _) in source.field("options").entries() {
        let domain = syntax::lower(key.split('/').next().unwrap_or_default());
        let is_below =
            |reserved: &&str| domain.strip_suffix(reserved).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if ["kubernetes.io", "k8s.io"].iter().any(is_below) {
            let at = at.field("options");
            violations.invalid(SUBJECT, &at.key(key), "this domain is reserved for Kubernetes", "write another key");
        }
    }
}

/// Reports what Kubernetes refuses in a volume of a CSI driver (`validateCSIVolumeSource`).
pub(super) fn validate_csi(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    required(source, "driver", at, violations);
    if let Some(driver) = source.field("driver").as_nonempty_str() {
        let at = at.field("driver");
        if driver.len() > LONGEST_DRIVER {
            let message = format!("the name has {} characters, more than {LONGEST_DRIVER}", driver.len());
            violations.invalid(SUBJECT, &at, message, "write the name of the driver");
        } else {
            let driver = syntax::lower(driver);
            syntax::check(SUBJECT, Syntax::Dns1123Subdomain, &driver, "the name", &at, violations);
        }
    }
    let reference = source.field("nodePublishSecretRef");
    if reference.as_object().is_some() {
        let at = at.field("nodePublishSecretRef");
        syntax::text(SUBJECT, reference, Required::Here("name"), &at, violations);
        if let Some(name) = reference.field("name").as_nonempty_str() {
            syntax::check(SUBJECT, Syntax::Dns1123Subdomain, name, "the name", &at.field("name"), violations);
        }
    }
}

fn secret_reference(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if source.field("secretRef").as_object().is_some() {
        syntax::text(SUBJECT, source.field("secretRef"), Required::Here("name"), &at.field("secretRef"), violations);
    }
}

fn required(source: &Json<'_>, name: &'static str, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, Required::BySchema(name), at, violations);
}
