//! What the Secret holds, and what it is to hold next.

use std::time::SystemTime;

use super::{Authority, Leaf, Root, Step, Terms, TlsError};

/// Whoever forces a new CA again and again does not fill the `caBundle`s: older ones are dropped.
const MOST_OLD: usize = 8;

/// The certificates of a Secret, as far as they can be used.
#[derive(Debug, Default)]
pub struct Store {
    authority: Option<Authority>,
    old: Vec<Root>,
    leaf: Option<Leaf>,
}

impl Store {
    /// The Secret's keys, of which it may have others too.
    pub const KEYS: [&'static str; 5] = ["ca.crt", "ca.key", "tls.crt", "tls.key", "old-ca.crt"];

    /// Reads a Secret of whatever content. What is damaged, or lacks its other half, reads as absent; but a CA without
    /// its key is still one that certificates may be trusted for.
    pub fn read<'a>(value: impl Fn(&str) -> Option<&'a [u8]>) -> Self {
        let [ca, ca_key, cert, key, old] = Self::KEYS.map(|key| value(key).unwrap_or_default());
        let mut roots = Root::read_all(ca);
        let authority = roots.first().cloned().and_then(|root| Authority::read(root, ca_key));
        for root in Root::read_all(old) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        let own = authority.as_ref().map(Authority::root);
        let old = roots.into_iter().filter(|root| Some(root) != own).collect();
        let text = |bytes| str::from_utf8(bytes).unwrap_or_default().to_owned();
        Self { authority, old, leaf: Leaf::new(text(cert), text(key)).ok() }
    }

    /// The values of [`Store::KEYS`]; a key without one is to be removed.
    pub fn values(&self) -> [Option<String>; 5] {
        let (authority, leaf) = (self.authority.as_ref(), self.leaf.as_ref());
        [
            authority.map(|authority| Root::write_all([authority.root()])),
            authority.map(Authority::key),
            leaf.map(|leaf| leaf.cert().to_owned()),
            leaf.map(|leaf| leaf.key().to_owned()),
            Some(Root::write_all(&self.old)).filter(|old| !old.is_empty()),
        ]
    }

    /// The CA that issues certificates.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// CAs that certificates still may be trusted for.
    pub fn old(&self) -> &[Root] {
        &self.old
    }

    /// The certificate to be shown.
    pub fn leaf(&self) -> Option<&Leaf> {
        self.leaf.as_ref()
    }

    /// The roots to be trusted now, the newest first.
    pub fn roots(&self, now: SystemTime) -> Vec<Root> {
        let all = self.authority.iter().map(Authority::root).chain(&self.old);
        all.filter(|root| root.is_valid_at(now)).cloned().collect()
    }

    /// The certificate, if clients that trust the roots accept it now.
    pub(super) fn good_leaf(&self, terms: &Terms, now: SystemTime) -> Option<&Leaf> {
        self.leaf.as_ref().filter(|leaf| leaf.is_good(&self.roots(now), &terms.names, now))
    }

    /// The content after a step.
    pub fn after(self, step: Step, terms: &Terms, now: SystemTime) -> Result<Self, TlsError> {
        match (step, self.authority) {
            (Step::DropOld, authority) => Ok(Self { authority, old: Vec::new(), leaf: self.leaf }),
            (Step::NewLeaf, Some(authority)) => {
                let leaf = authority.issue(&terms.names, now, terms.leaf)?;
                Ok(Self { authority: Some(authority), old: self.old, leaf: Some(leaf) })
            }
            (Step::NewAuthority | Step::NewLeaf, last) => {
                let before = Self { authority: last, old: self.old, leaf: self.leaf };
                let kept = before.good_leaf(terms, now).cloned();
                let mut old = before.roots(now);
                old.truncate(MOST_OLD);
                let authority = Authority::new(now, terms.ca)?;
                let leaf = kept.map_or_else(|| authority.issue(&terms.names, now, terms.leaf), Ok)?;
                Ok(Self { authority: Some(authority), old, leaf: Some(leaf) })
            }
        }
    }
}
