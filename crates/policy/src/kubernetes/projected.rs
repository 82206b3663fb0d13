//! Projected volumes.

use rayguard_manifest::json::Json;

use super::syntax::Required;
use super::volume_path::Paths;
use super::{At, Subject, Violations, certificates, syntax, volume_files, volume_path};

const SUBJECT: Subject = Subject::Volume;

/// The sources that every version of Kubernetes knows. The others are new in 1.37.
const OLD_SOURCES: [&str; 4] = ["secret", "configMap", "downwardAPI", "serviceAccountToken"];

/// The range of `expirationSeconds`: from 10 minutes to 2^32 seconds.
const EXPIRATION: std::ops::RangeInclusive<i64> = 600..=1 << 32;

/// Reports what Kubernetes refuses in a projected volume (`validateProjectedVolumeSource`).
pub(super) fn validate(volume: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    volume_files::mode(volume, "defaultMode", at, violations);
    let mut paths = Paths::default();
    for (index, source) in volume.field("sources").items().iter().enumerate() {
        let at = at.field("sources");
        validate_source(source, &mut paths, &at.index(index), violations);
    }
}

fn validate_source<'s>(source: &'s Json<'_>, paths: &mut Paths<'s>, at: &At<'_>, violations: &mut Violations) {
    let (mut old, mut new) = (0, 0);
    for (name, value) in source.entries().iter().filter(|(_, value)| value.as_object().is_some()) {
        let name = &**name;
        if OLD_SOURCES.contains(&name) {
            old += 1;
        }
        match name {
            "secret" | "configMap" => {
                let at = at.field(if name == "secret" { "secret" } else { "configMap" });
                syntax::text(SUBJECT, value, Required::Here("name"), &at, violations);
                volume_files::validate_items(value, &at, violations, |path, at, violations| {
                    paths.add(path, false, at, violations);
                });
            }
            "downwardAPI" => {
                let at = at.field("downwardAPI");
                volume_files::validate_pod_fields(value, &at, violations, |path, at, violations| {
                    paths.add(path, false, at, violations);
                });
            }
            "serviceAccountToken" => token(value, &at.field("serviceAccountToken"), violations),
            "clusterTrustBundle" => {
                new += 1;
                certificates::validate_bundle(value, paths, &at.field("clusterTrustBundle"), violations);
            }
            "podCertificate" => {
                new += 1;
                certificates::validate_pod_certificate(value, paths, &at.field("podCertificate"), violations);
            }
            _ => {}
        }
    }
    if old + new > 1 {
        let message = "the item has more than one source";
        let help = "write each source as an item of the list";
        violations.forbidden(SUBJECT, at, message, help).is_uncertain = old < 2;
    }
}

/// Reports what Kubernetes refuses in a token of a service account.
fn token(token: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::range(SUBJECT, token.field("expirationSeconds"), EXPIRATION, &at.field("expirationSeconds"), violations);
    syntax::text(SUBJECT, token, Required::BySchema("path"), at, violations);
    if let Some(path) = token.field("path").as_nonempty_str() {
        volume_path::in_volume(path, &at.field("path"), violations);
    }
}
