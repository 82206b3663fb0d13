//! The content of the certificates' Secret.

use std::time::SystemTime;

use super::{CertificateAuthority, CertificateConfig, Leaf, Root};

/// The usable certificates in a Secret.
#[derive(Debug, Default)]
pub struct CertificateStore {
    authority: Option<CertificateAuthority>,
    old_roots: Vec<Root>,
    leaf: Option<Leaf>,
}

impl CertificateStore {
    /// The keys of the Secret that rayguard reads and writes. The Secret may have other keys too.
    pub const KEYS: [&'static str; 5] = ["ca.crt", "ca.key", "tls.crt", "tls.key", "old-ca.crt"];

    pub(super) fn new(authority: CertificateAuthority, old_roots: Vec<Root>, leaf: Leaf) -> Self {
        Self { authority: Some(authority), old_roots, leaf: Some(leaf) }
    }

    /// Reads the content of a Secret; `value` returns the value of a key. A value that is damaged or lacks its
    /// counterpart counts as absent. But a CA without its key stays a root that clients trust.
    pub fn read<'a>(value: impl Fn(&str) -> Option<&'a [u8]>) -> Self {
        let [ca, ca_key, cert, key, old] = Self::KEYS.map(|key| value(key).unwrap_or_default());
        let mut roots = Root::from_pem_bundle(ca);
        let authority = roots.first().cloned().and_then(|root| CertificateAuthority::from_parts(root, ca_key));
        for root in Root::from_pem_bundle(old) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        let own = authority.as_ref().map(CertificateAuthority::root);
        let old_roots = roots.into_iter().filter(|root| Some(root) != own).collect();
        let text = |bytes| str::from_utf8(bytes).unwrap_or_default().to_owned();
        Self { authority, old_roots, leaf: Leaf::new(text(cert), text(key)).ok() }
    }

    /// Returns the values for [`CertificateStore::KEYS`]. A key without a value must be removed.
    pub fn values(&self) -> [Option<String>; 5] {
        let (authority, leaf) = (self.authority.as_ref(), self.leaf.as_ref());
        [
            authority.map(|authority| Root::to_pem_bundle([authority.root()])),
            authority.map(CertificateAuthority::key_pem),
            leaf.map(|leaf| leaf.cert_pem().to_owned()),
            leaf.map(|leaf| leaf.key_pem().to_owned()),
            Some(Root::to_pem_bundle(&self.old_roots)).filter(|old| !old.is_empty()),
        ]
    }

    /// Returns the CA that issues certificates.
    pub fn authority(&self) -> Option<&CertificateAuthority> {
        self.authority.as_ref()
    }

    /// Returns the CAs that no longer issue certificates, but whose certificates may still be in use.
    pub fn old_roots(&self) -> &[Root] {
        &self.old_roots
    }

    /// Returns the certificate to serve.
    pub fn leaf(&self) -> Option<&Leaf> {
        self.leaf.as_ref()
    }

    /// Returns the roots that clients must trust now, the newest first.
    pub fn roots(&self, now: SystemTime) -> Vec<Root> {
        let all = self.authority.iter().map(CertificateAuthority::root).chain(&self.old_roots);
        all.filter(|root| root.is_valid_at(now)).cloned().collect()
    }

    /// Returns the certificate if clients that trust the roots accept it now.
    pub(super) fn accepted_leaf(&self, config: &CertificateConfig, now: SystemTime) -> Option<&Leaf> {
        self.leaf.as_ref().filter(|leaf| leaf.is_accepted(&self.roots(now), &config.names, now))
    }

    pub(super) fn with_leaf(self, leaf: Leaf) -> Self {
        Self { leaf: Some(leaf), ..self }
    }

    pub(super) fn without_old_roots(self) -> Self {
        Self { old_roots: Vec::new(), ..self }
    }
}
