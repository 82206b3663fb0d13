//! What the verdict of a run rests on: the assumptions about the target cluster that change a finding.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rayguard_policy::policy::Policy;
use rayguard_policy::policy::assumption::{Alternative, Assumption};
use rayguard_policy::rule::Level;
use serde::Serialize;

use crate::evaluation::Evaluation;

/// An assumption, as the policy file would state it.
#[derive(Clone, Debug, Serialize)]
pub struct Assumed {
    /// The key of the policy file.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The assumption in a few words.
    #[serde(skip)]
    pub phrase: String,
}

/// Collects the assumptions that change a finding of any object of a run.
pub struct Assumptions<'p> {
    policy: &'p Policy,
    alternatives: Vec<Alternative>,
    found: Mutex<BTreeSet<Assumption>>,
}

/// What identifies a finding in a comparison. The message is left out, because it may name the KubeRay version.
type Key = (&'static str, Level, String);

impl<'p> Assumptions<'p> {
    /// Returns the collection of a run with a policy.
    pub fn of(policy: &'p Policy) -> Self {
        Self { policy, alternatives: policy.alternatives(), found: Mutex::default() }
    }

    /// Returns a collection that stays empty, for a caller that does not show assumptions: to examine an object costs as
    /// much as several checks.
    pub fn none(policy: &'p Policy) -> Self {
        Self { policy, alternatives: Vec::new(), found: Mutex::default() }
    }

    /// Adds the assumptions that change the findings of an object. `evaluate` evaluates the object with another policy.
    /// An assumption that is already known is not examined again.
    pub fn examine(&self, evaluation: &Evaluation, evaluate: impl Fn(&Policy) -> Option<Evaluation>) {
        let keys = keys(evaluation);
        let changes =
            |alternative: &Alternative| evaluate(&alternative.policy).is_none_or(|other| self::keys(&other) != keys);
        for alternative in &self.alternatives {
            if alternative.replaced.iter().all(|assumption| self.is_known(*assumption)) || !changes(alternative) {
                continue;
            }
            for part in alternative.parts(self.policy) {
                let is_new = part.replaced.iter().any(|assumption| !self.is_known(*assumption));
                if is_new && (alternative.replaced.len() == 1 || changes(&part)) {
                    self.add(part.replaced);
                }
            }
        }
    }

    /// Adds assumptions that are known to change a finding.
    pub fn add(&self, assumptions: impl IntoIterator<Item = Assumption>) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).extend(assumptions);
    }

    /// Returns all assumptions that change a finding.
    pub fn found(&self) -> Vec<Assumed> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let assumed = |assumption: &Assumption| Assumed {
            key: assumption.key(),
            value: assumption.value(self.policy),
            phrase: assumption.phrase(self.policy),
        };
        found.iter().map(assumed).collect()
    }

    fn is_known(&self, assumption: Assumption) -> bool {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).contains(&assumption)
    }
}

fn keys(evaluation: &Evaluation) -> BTreeSet<Key> {
    evaluation.findings.iter().map(|(finding, path)| (finding.rule.name, finding.level, path.to_string())).collect()
}
