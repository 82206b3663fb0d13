//! What is to be done to the Secret, and when to look again.

use std::time::SystemTime;

use super::{Authority, Root, SKEW, Store, Terms, due};

/// A change of the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new CA; the one before is kept beside it, and so is the certificate if it still is good.
    NewAuthority,
    /// A new certificate.
    NewLeaf,
    /// The CAs of the past are dropped.
    DropOld,
}

impl Step {
    /// The next step of a Secret, if one is due. `settled` says of a CA that every API server knows it.
    pub fn due(store: &Store, settled: impl Fn(&Root) -> bool, terms: &Terms, now: SystemTime) -> Option<Self> {
        let usable = |authority: &&Authority| authority.root().is_valid_at(now);
        let Some(authority) = store.authority().filter(usable) else { return Some(Step::NewAuthority) };
        let Some(leaf) = store.good_leaf(terms, now) else { return Some(Step::NewLeaf) };
        let certificate = leaf.certificate();
        if !authority.root().vouches_for(certificate) {
            // Nothing is in a hurry: the certificate at hand is good.
            return settled(authority.root()).then_some(Step::NewLeaf);
        }
        let validity = authority.root().validity();
        if now >= due(validity.not_before, validity.not_after) {
            return Some(Step::NewAuthority);
        }
        if now >= due(certificate.validity().not_before, certificate.validity().not_after) {
            return Some(Step::NewLeaf);
        }
        let is_done = now >= old_is_done(authority, terms) || store.old().iter().all(|root| !root.is_valid_at(now));
        (!store.old().is_empty() && is_done).then_some(Step::DropOld)
    }

    /// The next moment after now at which another step may be due, as long as nobody changes anything.
    pub fn next_look(store: &Store, terms: &Terms, now: SystemTime) -> Option<SystemTime> {
        let authority = store.authority().into_iter().flat_map(|authority| {
            let validity = authority.root().validity();
            let old = (!store.old().is_empty()).then(|| old_is_done(authority, terms));
            [due(validity.not_before, validity.not_after), validity.not_after].into_iter().chain(old)
        });
        let leaf = store.leaf().into_iter().flat_map(|leaf| {
            let validity = leaf.certificate().validity();
            [due(validity.not_before, validity.not_after), validity.not_after]
        });
        authority.chain(leaf).filter(|moment| *moment > now).min()
    }
}

/// When no certificate of an older CA is valid any more: they were issued before this one was made.
fn old_is_done(authority: &Authority, terms: &Terms) -> SystemTime {
    authority.root().validity().not_before + SKEW + terms.leaf
}
