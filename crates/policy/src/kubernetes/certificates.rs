//! The sources of projected volumes with certificates: trust bundles and certificates of the Pod.
//!
//! Versions before 1.37 ignore both sources, so every violation is a warning.

use rayguard_manifest::json::Json;

use super::volume_path::Paths;
use super::{At, Subject, Violations, choice, metadata, selector, some_versions, syntax, volume_path};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Volume;

/// The types of keys of certificates.
const KEY_TYPES: &[&str] = &["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];

/// The range of `maxExpirationSeconds`: from one hour to 91 days.
const EXPIRATION: std::ops::RangeInclusive<i64> = 3600..=91 * 24 * 3600;
/// The range of `maxExpirationSeconds` of a signer of Kubernetes: from one hour to one day.
const KUBERNETES_EXPIRATION: std::ops::RangeInclusive<i64> = 3600..=24 * 3600;

/// Reports what Kubernetes refuses in a trust bundle.
pub(super) fn validate_bundle<'s>(
    bundle: &'s Json<'_>,
    paths: &mut Paths<'s>,
    at: &At<'_>,
    violations: &mut Violations,
) {
    some_versions::find(violations, |violations| {
        let [name, signer] = ["name", "signerName"].map(|field| bundle.field(field).as_str());
        match (name, signer) {
            (Some(_), Some(_)) => {
                violations.invalid(SUBJECT, at, "the source has name and signerName", "remove one of them");
            }
            (Some(name), None) => {
                bundle_name(name, &at.field("name"), violations);
                if bundle.field("labelSelector").as_object().is_some() {
                    let message = "name allows no labelSelector";
                    violations.invalid(SUBJECT, &at.field("labelSelector"), message, "remove it, or write signerName");
                }
            }
            (None, Some(signer)) => {
                validate_signer(signer, &at.field("signerName"), violations);
                selector::validate(bundle.field("labelSelector"), SUBJECT, &at.field("labelSelector"), violations);
            }
            (None, None) => {
                violations.required(SUBJECT, at, "the source has no name", "add name or signerName");
            }
        }
        syntax::text(SUBJECT, bundle, syntax::Required::BySchema("path"), at, violations);
        if let Some(path) = bundle.field("path").as_nonempty_str() {
            let at = at.field("path");
            volume_path::in_volume(path, &at, violations);
            paths.add(path, true, &at, violations);
        }
    });
}

/// Reports what Kubernetes refuses in a certificate of the Pod.
pub(super) fn validate_pod_certificate<'s>(
    certificate: &'s Json<'_>,
    paths: &mut Paths<'s>,
    at: &At<'_>,
    violations: &mut Violations,
) {
    some_versions::find(violations, |violations| {
        let signer = certificate.field("signerName").as_str();
        if let Some(signer) = signer {
            validate_signer(signer, &at.field("signerName"), violations);
        }
        if let Some(kind) = certificate.field("keyType").as_str() {
            choice::check(kind, KEY_TYPES, SUBJECT, &at.field("keyType"), violations);
        }
        let domain = signer.unwrap_or_default().split('/').next().unwrap_or_default();
        let is_kubernetes = domain == "kubernetes.io" || domain.ends_with(".kubernetes.io");
        let expiration = if is_kubernetes { KUBERNETES_EXPIRATION } else { EXPIRATION };
        let seconds = certificate.field("maxExpirationSeconds");
        syntax::range(SUBJECT, seconds, expiration, &at.field("maxExpirationSeconds"), violations);
        metadata::validate_annotations(
            SUBJECT,
            certificate.field("userAnnotations"),
            &at.field("userAnnotations"),
            violations,
        );
        let mut has_path = false;
        for field in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
            let Some(path) = certificate.field(field).as_nonempty_str() else { continue };
            has_path = true;
            let at = at.field(field);
            volume_path::in_volume(path, &at, violations);
            paths.add(path, true, &at, violations);
        }
        if !has_path {
            violations.required(SUBJECT, at, "the source has no path", "add credentialBundlePath");
        }
    });
}

fn bundle_name(name: &str, at: &At<'_>, violations: &mut Violations) {
    let own = match name.rsplit_once(':') {
        Some((signer, own)) => {
            let parts = signer.split(':').count();
            if parts != 2 {
                let message = "the name does not begin with the name of a signer";
                violations.invalid(SUBJECT, at, message, "write signer-domain:signer-path:name");
            }
            own
        }
        None => name,
    };
    syntax::check(SUBJECT, Syntax::Dns1123Subdomain, own, "the name", at, violations);
}

/// Reports what Kubernetes refuses in the name of a signer (`ValidateSignerName`).
fn validate_signer(signer: &str, at: &At<'_>, violations: &mut Violations) {
    let is_path = |path: &str| !path.is_empty() && path.split('.').all(|label| Syntax::Dns1123Subdomain.admits(label));
    let is_valid = signer.split_once('/').is_some_and(|(domain, path)| {
        domain.len() <= 253
            && domain.split('.').count() >= 2
            && domain.split('.').all(|label| Syntax::Dns1123Label.admits(label))
            && is_path(path)
            && signer.len() <= 571
    });
    if !is_valid {
        let message = "this is not the name of a signer";
        violations.invalid(SUBJECT, at, message, "write a domain, '/' and a name, such as example.com/signer");
    }
}
