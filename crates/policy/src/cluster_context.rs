//! Other objects of a cluster, for rules that compare an object with them.
//!
//! A lookup never waits. `None` means that the answer is not known yet; a rule then reports nothing, so that incomplete
//! data never refuses an object.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use crate::name::{Syntax, sentence};
use crate::ray::RayObject;
use crate::ray::storage_key::{Owner, StorageKey};
use crate::spelling::quote;

/// The other objects of a cluster, as far as rules need them.
pub trait ClusterContext: fmt::Debug + Send + Sync {
    /// Returns the other owners of a storage key; `None` while not all clusters are known.
    fn conflicts(&self, key: &StorageKey, owner: &Owner) -> Option<Conflicts>;

    /// Returns the keys of a Secret; `None` where they are not known.
    fn secret(&self, namespace: &str, name: &str) -> Option<SecretKeys>;

    /// Reports whether every source has been listed completely. A context without a source has synced.
    fn has_synced(&self) -> bool {
        true
    }
}

/// Another owner of the same storage key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The object
    pub owner: Owner,
    /// Its position, if it is in a file: `first.yaml:12:5`
    pub location: Option<Box<str>>,
}

/// The other owners of a storage key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// Their number
    pub count: usize,
    /// The first of them by namespace and name
    pub first: Option<Conflict>,
}

/// The keys of a Secret. The values are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretKeys {
    /// The Secret does not exist.
    Absent,
    /// The Secret has these keys.
    Present(BTreeSet<Box<str>>),
}

/// A context without any source.
#[derive(Clone, Copy, Debug)]
pub struct NoContext;

impl ClusterContext for NoContext {
    fn conflicts(&self, _: &StorageKey, _: &Owner) -> Option<Conflicts> {
        None
    }

    fn secret(&self, _: &str, _: &str) -> Option<SecretKeys> {
        None
    }
}

/// A context in which another object has every storage key, and no Secret exists.
///
/// In this context each rule reports what it would look up. So ratcheting learns what the previous object referred to,
/// whatever the other objects are by now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EverythingConflicts;

impl ClusterContext for EverythingConflicts {
    fn conflicts(&self, _: &StorageKey, owner: &Owner) -> Option<Conflicts> {
        Some(Conflicts { count: 1, first: Some(Conflict { owner: owner.clone(), location: None }) })
    }

    fn secret(&self, _: &str, _: &str) -> Option<SecretKeys> {
        Some(SecretKeys::Absent)
    }
}

/// The owners of each storage key, sorted, each owner once.
#[derive(Clone, Debug, Default)]
pub struct StorageKeys(HashMap<StorageKey, Vec<Entry>>);

/// An owner, which may have two clusters of one key for a while.
#[derive(Clone, Debug)]
struct Entry {
    conflict: Conflict,
    count: usize,
}

impl StorageKeys {
    /// Adds a cluster's key. Of several clusters of one owner, the smallest location is kept, in whatever order they
    /// are added.
    pub fn add(&mut self, key: StorageKey, conflict: Conflict) {
        let all = self.0.entry(key).or_default();
        match all.binary_search_by(|entry| entry.conflict.owner.cmp(&conflict.owner)) {
            Ok(index) => {
                let entry = &mut all[index];
                entry.count += 1;
                entry.conflict = conflict.min(entry.conflict.clone());
            }
            Err(index) => {
                if all.is_empty() {
                    all.reserve_exact(1); // most keys have one owner, and there may be many keys
                }
                all.insert(index, Entry { conflict, count: 1 });
            }
        }
    }

    /// Removes a cluster's key that was added before.
    pub fn remove(&mut self, key: &StorageKey, owner: &Owner) {
        let Some(all) = self.0.get_mut(key) else { return };
        if let Ok(index) = all.binary_search_by(|entry| entry.conflict.owner.cmp(owner)) {
            all[index].count -= 1;
            if all[index].count == 0 {
                all.remove(index);
            }
        }
        if all.is_empty() {
            self.0.remove(key);
        }
    }

    /// The other owners of a storage key.
    pub fn conflicts(&self, key: &StorageKey, owner: &Owner) -> Conflicts {
        let all = self.0.get(key).map(Vec::as_slice).unwrap_or_default();
        let is_among = all.binary_search_by(|entry| entry.conflict.owner.cmp(owner)).is_ok();
        let first = all.iter().find(|entry| entry.conflict.owner != *owner);
        Conflicts { count: all.len() - usize::from(is_among), first: first.map(|entry| entry.conflict.clone()) }
    }
}

/// The Secrets to read: all of a namespace, or one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretScope {
    /// The namespace
    pub namespace: Box<str>,
    /// The only Secret, if not all of the namespace
    pub name: Option<Box<str>>,
}

impl SecretScope {
    /// Reports whether a Secret is in the scope.
    pub fn covers(&self, namespace: &str, name: &str) -> bool {
        *self.namespace == *namespace && self.name.as_deref().is_none_or(|only| only == name)
    }
}

impl FromStr for SecretScope {
    type Err = String;

    /// Parses `NAMESPACE` or `NAMESPACE/NAME`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (namespace, Some(name)),
            None => (text, None),
        };
        let parts = [(Some(namespace), Syntax::Dns1123Label, "namespace"), (name, Syntax::Dns1123Subdomain, "Secret")];
        for (name, syntax, what) in parts {
            let errors = name.map(|name| syntax.errors(name)).unwrap_or_default();
            if !errors.is_empty() {
                let name = quote(name.unwrap_or_default());
                return Err(format!(
                    "{name} {}, so it is not the name of a {what}: write NAMESPACE or NAMESPACE/NAME",
                    sentence(&errors)
                ));
            }
        }
        Ok(Self { namespace: namespace.into(), name: name.map(Into::into) })
    }
}

impl fmt::Display for SecretScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.namespace)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(formatter, "/{name}"))
    }
}

/// The names of the keys of each Secret of a scope, by the name of the Secret.
pub type SecretKeyNames = BTreeMap<Box<str>, BTreeSet<Box<str>>>;

/// All objects of a cluster, or of some files, and the Secrets of some scopes.
#[derive(Clone, Debug, Default)]
pub struct KnownObjects {
    /// The storage keys of the objects.
    pub storage_keys: StorageKeys,
    /// All Secrets of each scope.
    pub secrets: Vec<(SecretScope, SecretKeyNames)>,
}

impl KnownObjects {
    /// Adds one of KubeRay's objects, which may be written somewhere.
    pub fn add(&mut self, object: &RayObject<'_>, domain: &str, location: Option<Box<str>>) {
        if let Some(key) = object.storage_key(domain) {
            self.storage_keys.add(key, Conflict { owner: object.owner(), location });
        }
    }
}

impl ClusterContext for KnownObjects {
    fn conflicts(&self, key: &StorageKey, owner: &Owner) -> Option<Conflicts> {
        Some(self.storage_keys.conflicts(key, owner))
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<SecretKeys> {
        let (_, keys) = self.secrets.iter().find(|(scope, _)| scope.covers(namespace, name))?;
        Some(keys.get(name).map_or(SecretKeys::Absent, |keys| SecretKeys::Present(keys.clone())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::kuberay::Kind;

    fn key(number: u8) -> StorageKey {
        StorageKey { redis: "redis.a:6379".into(), namespace: number.to_string().into() }
    }

    fn conflict(number: u8) -> Conflict {
        let owner = Owner { namespace: "a".into(), name: number.to_string().into(), kind: Kind::RayCluster };
        Conflict { owner, location: None }
    }

    proptest! {
        #[test]
        fn keys_equal_those_added_and_not_removed(steps in vec((0..3_u8, 0..4_u8, any::<bool>()), 0..60)) {
            let (mut storage_keys, mut all) = (StorageKeys::default(), Vec::new());
            for (what, who, comes) in steps {
                if comes {
                    storage_keys.add(key(what), conflict(who));
                    all.push((what, who));
                } else if let Some(index) = all.iter().position(|one| *one == (what, who)) {
                    storage_keys.remove(&key(what), &conflict(who).owner);
                    all.swap_remove(index);
                }
            }
            for (what, who) in (0..3).flat_map(|what| (0..5).map(move |who| (what, who))) {
                let others: BTreeSet<_> = all.iter().filter(|(of, by)| *of == what && *by != who).map(|(_, by)| *by).collect();
                let expected = Conflicts { count: others.len(), first: others.first().map(|first| conflict(*first)) };
                prop_assert_eq!(storage_keys.conflicts(&key(what), &conflict(who).owner), expected);
            }
            prop_assert_eq!(storage_keys.0.len(), all.iter().map(|(what, _)| what).collect::<BTreeSet<_>>().len());
        }
    }

    #[test]
    fn a_scope_is_a_namespace_or_one_secret_of_it() {
        let scope = |text: &str| text.parse::<SecretScope>();
        let whole = scope("team-a").expect("a namespace");
        assert!(whole.covers("team-a", "redis") && !whole.covers("team-b", "redis"));
        let one = scope("team-a/redis.password").expect("a Secret");
        assert!(one.covers("team-a", "redis.password") && !one.covers("team-a", "redis"));
        assert_eq!([whole.to_string(), one.to_string()], ["team-a", "team-a/redis.password"]);
        for wrong in ["", "/", "a/", "/b", "A", "a.b", "a/B", "a/b/c", "*"] {
            let error = scope(wrong).expect_err("not a scope");
            assert!(error.ends_with("write NAMESPACE or NAMESPACE/NAME"), "{error}");
        }
    }
}
