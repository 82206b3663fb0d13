//! The comparison of the storage keys of several objects: the objects of a text, or those of all files of a run.

use std::collections::BTreeSet;

use rayguard_manifest::yaml::Location;
use rayguard_policy::cluster_context::{Conflict, KnownObjects};
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::assumption::Assumption;
use rayguard_policy::ray::storage_key::{RelativeStorageKey, StorageKey};

/// The storage key of an object in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenKey {
    /// The key, in the DNS domain of the policy.
    pub key: StorageKey,
    /// The object, and its location in words.
    pub conflict: Conflict,
    /// The key as it is written; `None` if no rule compares it.
    pub relative: Option<RelativeStorageKey>,
    /// The location of the storage namespace in the file.
    pub location: Location,
}

/// Returns the objects with these keys, for the rules that compare objects.
pub fn known<'k>(keys: impl IntoIterator<Item = &'k WrittenKey>) -> KnownObjects {
    let mut known = KnownObjects::default();
    for key in keys {
        known.storage_keys.add(key.key.clone(), key.conflict.clone());
    }
    known
}

/// Reports whether another object has one of these keys.
pub fn has_conflict(keys: &[WrittenKey], others: &KnownObjects) -> bool {
    keys.iter().any(|it| others.storage_keys.conflicts(&it.key, &it.conflict.owner).count > 0)
}

/// Reports whether two clusters share their storage in one DNS domain of the cluster and not in another one, if the
/// policy does not state the domain. The other domains are those in the addresses, and one that no cluster has
/// (RFC 6761).
pub fn depends_on_domain<'k>(keys: impl IntoIterator<Item = &'k WrittenKey>, policy: &Policy) -> bool {
    if policy.states(Assumption::ClusterDomain) {
        return false;
    }
    let written: Vec<_> = keys.into_iter().collect();
    let conflicts = |domain: &str| -> Vec<bool> {
        let key = |it: &&WrittenKey| it.relative.as_ref()?.resolve(Some(&it.conflict.owner.namespace), domain);
        let keys: Vec<_> = written.iter().map(key).collect();
        let mut known = KnownObjects::default();
        for (key, it) in keys.iter().zip(&written) {
            if let Some(key) = key {
                known.storage_keys.add(key.clone(), it.conflict.clone());
            }
        }
        let has_conflict = |(key, it): (&Option<StorageKey>, &&WrittenKey)| {
            key.as_ref().is_some_and(|key| known.storage_keys.conflicts(key, &it.conflict.owner).count > 0)
        };
        keys.iter().zip(&written).map(has_conflict).collect()
    };
    let assumed = &*policy.settings.cluster_domain;
    let in_addresses = written.iter().filter_map(|it| it.relative.as_ref()?.domain());
    let domains: BTreeSet<_> = in_addresses.chain(["invalid"]).filter(|domain| *domain != assumed).collect();
    let usual = conflicts(assumed);
    domains.into_iter().any(|domain| conflicts(domain) != usual)
}
