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
    /// Who else claims a storage namespace, in the order of their names; `None` while not all are known who do.
    fn rivals(&self, claim: &Claim, claimant: &Claimant) -> Option<Vec<Rival>>;

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
    fn rivals(&self, _: &Claim, _: &Claimant) -> Option<Vec<Rival>> {
        None
    }

    fn secret(&self, _: &str, _: &str) -> Option<SecretKeys> {
        None
    }
}

/// Claims, by what is claimed.
#[derive(Clone, Debug, Default)]
pub struct Claims(HashMap<Claim, Vec<Rival>>);

impl Claims {
    /// Adds a claim.
    pub fn add(&mut self, claim: Claim, rival: Rival) {
        self.0.entry(claim).or_default().push(rival);
    }

    /// Takes back one that was added.
    pub fn remove(&mut self, claim: &Claim, claimant: &Claimant) {
        let Some(rivals) = self.0.get_mut(claim) else { return };
        if let Some(index) = rivals.iter().position(|rival| rival.claimant == *claimant) {
            rivals.swap_remove(index);
        }
        if rivals.is_empty() {
            self.0.remove(claim);
        }
    }

    /// All who claim the same, each once, but one.
    pub fn rivals(&self, claim: &Claim, claimant: &Claimant) -> Vec<Rival> {
        let all = self.0.get(claim).into_iter().flatten();
        let mut rivals: Vec<_> = all.filter(|rival| rival.claimant != *claimant).cloned().collect();
        rivals.sort();
        rivals.dedup_by(|later, first| later.claimant == first.claimant);
        rivals
    }

    /// Whether anybody else claims the same.
    pub fn is_contested(&self, claim: &Claim, claimant: &Claimant) -> bool {
        self.0.get(claim).is_some_and(|rivals| rivals.iter().any(|rival| rival.claimant != *claimant))
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
    fn rivals(&self, claim: &Claim, claimant: &Claimant) -> Option<Vec<Rival>> {
        Some(self.claims.rivals(claim, claimant))
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<SecretKeys> {
        let (_, keys) = self.secrets.iter().find(|(scope, _)| scope.covers(namespace, name))?;
        Some(keys.get(name).map_or(SecretKeys::Absent, |keys| SecretKeys::Present(keys.clone())))
    }
}
