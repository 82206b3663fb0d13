//! What a verdict rests on: facts about the target cluster that the policy does not state.

use std::collections::BTreeSet;
use std::fmt;

use super::{Policy, Webhook};
use crate::kuberay::{FeatureGate, Version};

/// A fact about the target cluster. Unless the policy states it, a dry run assumes its usual value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumption {
    /// The version of KubeRay's operator: the newest.
    KubeRayVersion,
    /// A feature gate of the operator: its default.
    FeatureGate(FeatureGate),
    /// Whether Kueue is installed: it is not.
    Kueue,
    /// Whether rayguard's webhook is installed: it is, and it writes its defaults.
    Webhook,
    /// The DNS domain of the cluster: `cluster.local`.
    ClusterDomain,
}

impl Assumption {
    /// Returns the key of the policy file that states the fact.
    pub fn key(self) -> String {
        match self {
            Self::KubeRayVersion => "kuberay.version".to_owned(),
            Self::FeatureGate(gate) => format!("kuberay.featureGates.{}", gate.as_str()),
            Self::Kueue => "installed".to_owned(),
            Self::Webhook => "webhook".to_owned(),
            Self::ClusterDomain => "settings.clusterDomain".to_owned(),
        }
    }

    /// Returns what is assumed, in a few words. All feature gates have the same words.
    pub fn phrase(self, policy: &Policy) -> String {
        match self {
            Self::KubeRayVersion => format!("KubeRay {}", policy.settings.kuberay.version),
            Self::FeatureGate(_) => "its default feature gates".to_owned(),
            Self::Kueue => "no Kueue".to_owned(),
            Self::Webhook => "rayguard's webhook".to_owned(),
            Self::ClusterDomain => format!("the cluster domain {}", policy.settings.cluster_domain),
        }
    }

    /// Returns the value that the policy's key would have.
    pub fn value(self, policy: &Policy) -> String {
        let settings = &policy.settings;
        match self {
            Self::KubeRayVersion => settings.kuberay.version.to_string(),
            Self::FeatureGate(gate) => settings.kuberay.is_enabled(gate).to_string(),
            Self::Kueue => "[]".to_owned(),
            Self::Webhook => "installed".to_owned(),
            Self::ClusterDomain => settings.cluster_domain.to_string(),
        }
    }
}

/// A policy that differs from another one in assumptions only.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// The assumptions that the policy replaces by another value.
    pub replaced: Vec<Assumption>,
    /// The policy.
    pub policy: Policy,
}

impl Policy {
    /// Returns policies that assume something else of the target cluster. If none of them gives an object other
    /// findings, the findings rest on no assumption. An alternative with several assumptions stands for one alternative
    /// for each of them, see [`Alternative::parts`].
    pub fn alternatives(&self) -> Vec<Alternative> {
        let mut alternatives = Vec::new();
        let mut add = |replaced: Vec<Assumption>, policy: Policy| alternatives.push(Alternative { replaced, policy });
        if !self.states(Assumption::KubeRayVersion) {
            let assumed = self.settings.kuberay.version;
            for version in Version::ALL.into_iter().filter(|version| *version != assumed && *version != Version::NEXT) {
                let mut policy = self.clone();
                policy.settings.kuberay.version = version;
                add(vec![Assumption::KubeRayVersion], policy);
            }
        }
        let gates: Vec<_> = self.assumed_gates().map(Assumption::FeatureGate).collect();
        if !gates.is_empty() {
            add(gates.clone(), gates.iter().fold(self.clone(), |policy, gate| policy.replacing(*gate)));
        }
        for assumption in [Assumption::Kueue, Assumption::Webhook] {
            if !self.states(assumption) {
                add(vec![assumption], self.replacing(assumption));
            }
        }
        alternatives
    }

    /// Reports whether the policy says something about the target cluster, so that nothing is assumed about it.
    pub fn states(&self, fact: Assumption) -> bool {
        match fact {
            Assumption::Webhook => self.webhook.is_some(),
            fact => self.stated.contains(&fact),
        }
    }

    /// Returns the feature gates of the operator that the policy does not set.
    fn assumed_gates(&self) -> impl Iterator<Item = FeatureGate> {
        let version = self.settings.kuberay.version;
        let is_assumed = move |gate: &FeatureGate| {
            let all = if gate.is_beta_in(version) { FeatureGate::AllBeta } else { FeatureGate::AllAlpha };
            let is_for_all = [FeatureGate::AllAlpha, FeatureGate::AllBeta].contains(gate);
            let is_stated = [*gate, all].into_iter().any(|gate| self.states(Assumption::FeatureGate(gate)));
            !is_for_all && gate.is_in(version) && !is_stated
        };
        FeatureGate::ALL.into_iter().filter(is_assumed)
    }

    /// Returns the policy with another value of an assumption. The version has several other values, so it is not
    /// replaced here.
    fn replacing(&self, assumption: Assumption) -> Self {
        let mut policy = self.clone();
        match assumption {
            Assumption::FeatureGate(gate) => {
                let is_enabled = policy.settings.kuberay.is_enabled(gate);
                policy.settings.kuberay.feature_gates.push((gate, !is_enabled));
            }
            Assumption::Kueue => policy.settings.installed.kueue = !policy.settings.installed.kueue,
            Assumption::Webhook => policy.webhook = Some(Webhook::Absent),
            Assumption::KubeRayVersion | Assumption::ClusterDomain => {}
        }
        policy
    }
}

impl Alternative {
    /// Returns an alternative for each assumption of this one. `policy` is the policy that it differs from.
    pub fn parts(&self, policy: &Policy) -> Vec<Self> {
        match &*self.replaced {
            [_] => vec![self.clone()],
            all => all.iter().map(|one| Self { replaced: vec![*one], policy: policy.replacing(*one) }).collect(),
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.key())
    }
}

/// Returns the facts that a policy file states by its keys.
pub(super) fn stated(gates: &[(FeatureGate, bool)], version: bool, kueue: bool, domain: bool) -> BTreeSet<Assumption> {
    let facts =
        [(version, Assumption::KubeRayVersion), (kueue, Assumption::Kueue), (domain, Assumption::ClusterDomain)];
    let facts = facts.into_iter().filter(|(is_stated, _)| *is_stated).map(|(_, fact)| fact);
    facts.chain(gates.iter().map(|(gate, _)| Assumption::FeatureGate(*gate))).collect()
}
