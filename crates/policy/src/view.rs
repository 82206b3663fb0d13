//! What is known around an object, for the rules that cannot tell from the object alone.
//!
//! A view never waits and never guesses. What it does not know it says it does not know, and a rule then says nothing:
//! nothing is refused for want of knowledge.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use crate::name::{Syntax, sentence};
use crate::ray::RayObject;
use crate::ray::claim::{Claim, Claimant};
use crate::spelling::quote;

/// What rules can ask.
pub trait View: fmt::Debug + Send + Sync {
    /// Who else claims a storage namespace; `None` while not all are known who do.
    fn rivals(&self, claim: &Claim, claimant: &Claimant) -> Option<Rivals>;

    /// What a Secret holds; `None` where that is not known.
    fn secret(&self, namespace: &str, name: &str) -> Option<SecretKeys>;

    /// Whether all is known that is to be known, which may be nothing.
    fn is_settled(&self) -> bool {
        true
    }
}

/// Somebody who claims the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rival {
    /// Who
    pub claimant: Claimant,
    /// Where the claim is written, if that is a file: `first.yaml:12:5`
    pub place: Option<Box<str>>,
}

/// All who claim the same, but one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rivals {
    /// How many they are
    pub count: usize,
    /// The first of them, in the order of namespaces and names
    pub first: Option<Rival>,
}

/// What is known of a Secret. Its values are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretKeys {
    /// There is no such Secret.
    Absent,
    /// It has these keys.
    Present(BTreeSet<Box<str>>),
}

/// Knows nothing.
#[derive(Clone, Copy, Debug)]
pub struct Blind;

impl View for Blind {
    fn rivals(&self, _: &Claim, _: &Claimant) -> Option<Rivals> {
        None
    }

    fn secret(&self, _: &str, _: &str) -> Option<SecretKeys> {
        None
    }
}

/// Claims, by what is claimed: in order, each claimant once.
#[derive(Clone, Debug, Default)]
pub struct Claims(HashMap<Claim, Vec<Held>>);

/// The claims of one claimant, who may have two clusters for a while.
#[derive(Clone, Debug)]
struct Held {
    rival: Rival,
    count: usize,
}

impl Claims {
    /// Adds a claim. Of several of one claimant, in whatever order they come, the same place is kept.
    pub fn add(&mut self, claim: Claim, rival: Rival) {
        let all = self.0.entry(claim).or_default();
        match all.binary_search_by(|held| held.rival.claimant.cmp(&rival.claimant)) {
            Ok(index) => {
                let held = &mut all[index];
                held.count += 1;
                held.rival = rival.min(held.rival.clone());
            }
            Err(index) => {
                if all.is_empty() {
                    all.reserve_exact(1); // most claims have one claimant, and there may be many claims
                }
                all.insert(index, Held { rival, count: 1 });
            }
        }
    }

    /// Takes back one that was added.
    pub fn remove(&mut self, claim: &Claim, claimant: &Claimant) {
        let Some(all) = self.0.get_mut(claim) else { return };
        if let Ok(index) = all.binary_search_by(|held| held.rival.claimant.cmp(claimant)) {
            all[index].count -= 1;
            if all[index].count == 0 {
                all.remove(index);
            }
        }
        if all.is_empty() {
            self.0.remove(claim);
        }
    }

    /// All who claim the same, but one.
    pub fn rivals(&self, claim: &Claim, claimant: &Claimant) -> Rivals {
        let all = self.0.get(claim).map(Vec::as_slice).unwrap_or_default();
        let is_among = all.binary_search_by(|held| held.rival.claimant.cmp(claimant)).is_ok();
        let first = all.iter().find(|held| held.rival.claimant != *claimant);
        Rivals { count: all.len() - usize::from(is_among), first: first.map(|held| held.rival.clone()) }
    }
}

/// Which Secrets are looked at: all of a namespace, or one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretScope {
    /// The namespace
    pub namespace: Box<str>,
    /// The only one, if not all
    pub name: Option<Box<str>>,
}

impl SecretScope {
    /// Whether a Secret is looked at.
    pub fn covers(&self, namespace: &str, name: &str) -> bool {
        *self.namespace == *namespace && self.name.as_deref().is_none_or(|only| only == name)
    }
}

impl FromStr for SecretScope {
    type Err = String;

    /// Reads `NAMESPACE` or `NAMESPACE/NAME`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (namespace, Some(name)),
            None => (text, None),
        };
        let faults = [(Some(namespace), Syntax::Dns1123Label, "namespace"), (name, Syntax::Dns1123Subdomain, "Secret")];
        for (name, syntax, what) in faults {
            let faults = name.map(|name| syntax.faults(name)).unwrap_or_default();
            if !faults.is_empty() {
                let name = quote(name.unwrap_or_default());
                return Err(format!(
                    "{name} {}, and no {what} is called so: write NAMESPACE or NAMESPACE/NAME",
                    sentence(&faults)
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

/// The names of the keys of all Secrets in a scope, by the Secrets' names.
pub type Keys = BTreeMap<Box<str>, BTreeSet<Box<str>>>;

/// Some objects, which are all that there are, and the Secrets of some scopes.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// What they claim.
    pub claims: Claims,
    /// All Secrets of each of these scopes.
    pub secrets: Vec<(SecretScope, Keys)>,
}

impl Objects {
    /// Adds one of KubeRay's objects, which may be written somewhere.
    pub fn add(&mut self, object: &RayObject<'_>, domain: &str, place: Option<Box<str>>) {
        if let Some(claim) = object.claim(domain) {
            self.claims.add(claim, Rival { claimant: object.claimant(), place });
        }
    }
}

impl View for Objects {
    fn rivals(&self, claim: &Claim, claimant: &Claimant) -> Option<Rivals> {
        Some(self.claims.rivals(claim, claimant))
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
    use crate::ray::Kind;

    fn claim(number: u8) -> Claim {
        Claim { redis: "redis.a:6379".into(), namespace: number.to_string().into() }
    }

    fn rival(number: u8) -> Rival {
        let claimant = Claimant { namespace: "a".into(), name: number.to_string().into(), kind: Kind::RayCluster };
        Rival { claimant, place: None }
    }

    proptest! {
        #[test]
        fn claims_are_what_was_added_and_not_taken_back(steps in vec((0..3_u8, 0..4_u8, any::<bool>()), 0..60)) {
            let (mut claims, mut all) = (Claims::default(), Vec::new());
            for (what, who, comes) in steps {
                if comes {
                    claims.add(claim(what), rival(who));
                    all.push((what, who));
                } else if let Some(index) = all.iter().position(|one| *one == (what, who)) {
                    claims.remove(&claim(what), &rival(who).claimant);
                    all.swap_remove(index);
                }
            }
            for (what, who) in (0..3).flat_map(|what| (0..5).map(move |who| (what, who))) {
                let others: BTreeSet<_> = all.iter().filter(|(of, by)| *of == what && *by != who).map(|(_, by)| *by).collect();
                let expected = Rivals { count: others.len(), first: others.first().map(|first| rival(*first)) };
                prop_assert_eq!(claims.rivals(&claim(what), &rival(who).claimant), expected);
            }
            prop_assert_eq!(claims.0.len(), all.iter().map(|(what, _)| what).collect::<BTreeSet<_>>().len());
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
            let said = scope(wrong).expect_err("it is none");
            assert!(said.ends_with("write NAMESPACE or NAMESPACE/NAME"), "{said}");
        }
    }
}
