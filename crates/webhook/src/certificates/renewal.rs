//! The next change of the certificates' Secret, its result, and the time of the next check.

use std::time::SystemTime;

use super::{CLOCK_SKEW, CertificateAuthority, CertificateConfig, CertificateStore, Root, TlsError, Validity};

/// The largest number of old CAs that are kept. It limits the size of the `caBundle`s when a new CA is forced
/// repeatedly.
const MAX_OLD_ROOTS: usize = 8;

/// A change of the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalStep {
    /// Make a new CA. The previous CA stays as an old one, and the certificate stays if clients still accept it.
    NewCa,
    /// Issue a new certificate.
    NewLeaf,
    /// Remove the old CAs.
    DropOldCas,
}

impl RenewalStep {
    /// Returns the step that is due, if any. `is_published` reports whether every API server knows a CA.
    pub fn due(
        store: &CertificateStore,
        is_published: impl Fn(&Root) -> bool,
        config: &CertificateConfig,
        now: SystemTime,
    ) -> Option<Self> {
        let is_usable = |authority: &&CertificateAuthority| authority.root().is_valid_at(now);
        let Some(authority) = store.authority().filter(is_usable) else { return Some(Self::NewCa) };
        let Some(leaf) = store.accepted_leaf(config, now) else { return Some(Self::NewLeaf) };
        let certificate = leaf.certificate();
        if !authority.root().verifies(certificate) {
            // The current certificate is accepted, so there is time to publish the new CA.
            return is_published(authority.root()).then_some(Self::NewLeaf);
        }
        if now >= renewal_time(authority.root().validity()) {
            return Some(Self::NewCa);
        }
        if now >= renewal_time(certificate.validity()) {
            return Some(Self::NewLeaf);
        }
        let is_done =
            now >= old_leaves_expire(authority, config) || store.old_roots().iter().all(|root| !root.is_valid_at(now));
        (!store.old_roots().is_empty() && is_done).then_some(Self::DropOldCas)
    }

    /// Returns the next time after `now` at which a step can become due if the Secret does not change.
    pub fn next_check(store: &CertificateStore, config: &CertificateConfig, now: SystemTime) -> Option<SystemTime> {
        let authority = store.authority().into_iter().flat_map(|authority| {
            let validity = authority.root().validity();
            let old = (!store.old_roots().is_empty()).then(|| old_leaves_expire(authority, config));
            [renewal_time(validity), validity.not_after].into_iter().chain(old)
        });
        let leaf = store.leaf().into_iter().flat_map(|leaf| {
            let validity = leaf.certificate().validity();
            [renewal_time(validity), validity.not_after]
        });
        authority.chain(leaf).filter(|moment| *moment > now).min()
    }

    /// Returns the content of the Secret after this step.
    ///
    /// # Errors
    ///
    /// Returns [`TlsError::Make`] if a CA or a certificate cannot be made.
    pub fn apply(
        self,
        store: CertificateStore,
        config: &CertificateConfig,
        now: SystemTime,
    ) -> Result<CertificateStore, TlsError> {
        let issue = |authority: &CertificateAuthority| authority.issue(&config.names, now, config.leaf_lifetime);
        match (self, store.authority()) {
            (Self::DropOldCas, _) => Ok(store.without_old_roots()),
            (Self::NewLeaf, Some(authority)) => {
                let leaf = issue(authority)?;
                Ok(store.with_leaf(leaf))
            }
            (Self::NewCa | Self::NewLeaf, _) => {
                let mut old = store.roots(now);
                old.truncate(MAX_OLD_ROOTS);
                let authority = CertificateAuthority::new(now, config.ca_lifetime)?;
                let leaf = store.accepted_leaf(config, now).cloned().map_or_else(|| issue(&authority), Ok)?;
                Ok(CertificateStore::new(authority, old, leaf))
            }
        }
    }
}

/// Returns when a certificate must be renewed: after two thirds of its lifetime.
fn renewal_time(validity: Validity) -> SystemTime {
    let made = validity.not_before + CLOCK_SKEW;
    made + validity.not_after.duration_since(made).unwrap_or_default() / 3 * 2
}

/// Returns when every certificate of the older CAs has expired. They were issued before the current CA was made.
fn old_leaves_expire(authority: &CertificateAuthority, config: &CertificateConfig) -> SystemTime {
    authority.root().validity().not_before + CLOCK_SKEW + config.leaf_lifetime
}
