//! Volumes.

use std::borrow::Cow;

use rayguard_manifest::json::Json;

use super::quantity::Quantity;
use super::{
    At, Subject, Violations, choice, claim_template, disks, network_storage, projected, some_versions, syntax,
    volume_files, volume_path,
};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Volume;

/// The types of a `hostPath`. An empty type checks nothing.
const HOST_PATH_TYPES: &[&str] =
    &["", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice"];

/// Reports what Kubernetes refuses in `volumes` (`ValidateVolumes`). The schema refuses two volumes of the same name, and
/// KubeRay adds no volume with the name of a volume of the user.
pub(super) fn validate(volumes: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, volume) in volumes.items().iter().enumerate() {
        validate_volume(volume, &at.index(index), violations);
    }
}

/// Reports what Kubernetes refuses in a volume. A volume without a source becomes an `emptyDir`.
fn validate_volume(volume: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let is_image = |(name, source): &(Cow<'_, str>, Json<'_>)| name == "image" && source.as_object().is_some();
    if volume.entries().iter().any(is_image) {
        // Kubernetes 1.31 to 1.34 remove a volume that is an image, together with its mounts.
        some_versions::find(violations, |violations| validate_name_and_sources(volume, at, violations));
    } else {
        validate_name_and_sources(volume, at, violations);
    }
}

fn validate_name_and_sources(volume: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let mut first: Option<&str> = None;
    for (name, value) in volume.entries() {
        if &**name == "name" {
            validate_name(value, &at.field("name"), violations);
            continue;
        }
        let Some(source) = value.as_object().and_then(|_| SOURCES.iter().find(|source| source.name == name)) else {
            continue;
        };
        let at = at.field(source.name);
        if let Some(first) = first {
            let message = format!("the volume already has the source {first}, and only one is allowed");
            violations.forbidden(SUBJECT, &at, message, format!("remove {first} or {}", source.name));
        }
        first.get_or_insert(source.name);
        (source.validate)(value, &at, violations);
    }
    if volume.field("iscsi").as_object().is_some() {
        network_storage::validate_iscsi_name(volume, at, violations);
    }
}

fn validate_name(name: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let Some(name) = name.as_str() else { return };
    if name.is_empty() {
        violations.required(SUBJECT, at, "the volume has no name", "write a name");
    } else {
        syntax::check(SUBJECT, Syntax::Dns1123Label, name, "the name", at, violations);
    }
}

/// A source of a volume.
struct Source {
    name: &'static str,
    validate: fn(&Json<'_>, &At<'_>, &mut Violations),
}

/// Every source of a volume, the most frequent ones first.
static SOURCES: &[Source] = &[
    Source { name: "emptyDir", validate: empty_dir },
    Source { name: "configMap", validate: volume_files::validate_config_map },
    Source { name: "secret", validate: volume_files::validate_secret },
    Source { name: "persistentVolumeClaim", validate: claim },
    Source { name: "hostPath", validate: host_path },
    Source { name: "projected", validate: projected::validate },
    Source { name: "csi", validate: disks::validate_csi },
    Source { name: "ephemeral", validate: claim_template::validate },
    Source { name: "nfs", validate: network_storage::validate_nfs },
    Source { name: "downwardAPI", validate: volume_files::validate_downward_api },
    Source { name: "image", validate: image },
    Source { name: "awsElasticBlockStore", validate: disks::validate_aws },
    Source { name: "azureDisk", validate: disks::validate_azure_disk },
    Source { name: "azureFile", validate: disks::validate_azure_file },
    Source { name: "cephfs", validate: network_storage::validate_cephfs },
    Source { name: "cinder", validate: disks::validate_cinder },
    Source { name: "fc", validate: disks::validate_fibre_channel },
    Source { name: "flexVolume", validate: disks::validate_flex },
    Source { name: "flocker", validate: disks::validate_flocker },
    Source { name: "gcePersistentDisk", validate: disks::validate_gce },
    Source { name: "gitRepo", validate: git_repo },
    Source { name: "glusterfs", validate: network_storage::validate_glusterfs },
    Source { name: "iscsi", validate: network_storage::validate_iscsi },
    Source { name: "photonPersistentDisk", validate: disks::validate_photon },
    Source { name: "portworxVolume", validate: disks::validate_portworx },
    Source { name: "quobyte", validate: network_storage::validate_quobyte },
    Source { name: "rbd", validate: network_storage::validate_rbd },
    Source { name: "scaleIO", validate: disks::validate_scale_io },
    Source { name: "storageos", validate: disks::validate_storage_os },
    Source { name: "vsphereVolume", validate: disks::validate_vsphere },
];

fn empty_dir(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let limit = source.field("sizeLimit");
    // Only a text with a sign can be negative, and reading a quantity takes longer than all other checks of a volume.
    let has_sign = limit.as_str().is_none_or(|text| text.starts_with('-'));
    if has_sign && Quantity::read(limit).is_some_and(|size| size.nanos() < 0) {
        let message = "the size is negative";
        violations.forbidden(SUBJECT, &at.field("sizeLimit"), message, "write a size such as 10Gi, or remove it");
    }
}

fn claim(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, syntax::Required::BySchema("claimName"), at, violations);
}

fn host_path(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, syntax::Required::BySchema("path"), at, violations);
    if let Some(path) = source.field("path").as_nonempty_str() {
        volume_path::without_backsteps(path, &at.field("path"), violations);
        if let Some(kind) = source.field("type").as_str() {
            choice::check(kind, HOST_PATH_TYPES, SUBJECT, &at.field("type"), violations);
        }
    }
}

fn git_repo(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, syntax::Required::BySchema("repository"), at, violations);
    if let Some(directory) = source.field("directory").as_str() {
        volume_path::descending(directory, &at.field("directory"), violations);
    }
}

/// Reports what Kubernetes refuses in an image as a volume (`validateImageVolumeSource`).
fn image(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, syntax::Required::Here("reference"), at, violations);
    if let Some(policy) = source.field("pullPolicy").as_nonempty_str() {
        let policies = &["Always", "IfNotPresent", "Never"];
        choice::check(policy, policies, SUBJECT, &at.field("pullPolicy"), violations);
    }
}
