//! What is said to an object, by the policy or by the API server.

use std::collections::BTreeSet;
use std::fmt;

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::ray::timeout::RECONNECT_TIMEOUT;
use rayguard_policy::rule::{Level, Scope};

/// What is said to an object, as far as rayguard says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The rules that refuse it.
    pub(super) denied: BTreeSet<&'static str>,
    /// The rules that warn of it.
    pub(super) warned: BTreeSet<&'static str>,
    /// The reconnect timeout that its workers got and had not before; unknown of an object that is refused.
    pub(super) default: Option<String>,
}

impl Said {
    /// What is to be said by a policy.
    pub(super) fn by_policy(policy: &Policy, object: &Json<'_>, namespace: &str) -> Self {
        let outcome = policy.dry_run(object, Some(namespace)).expect("it is a RayCluster");
        // The API server itself says the rest, in words of its own.
        let findings = outcome.findings.iter().filter(|finding| finding.rule.scope == Scope::Admission);
        let at = |level| {
            let rules = findings.clone().filter(|finding| finding.level == level).map(|finding| finding.rule.name);
            rules.collect::<BTreeSet<_>>()
        };
        let (denied, warned) = (at(Level::Deny), at(Level::Warn));
        let default = if denied.is_empty() { default(object, &outcome.object) } else { None };
        Self { denied, warned, default }
    }

    /// Whether rayguard has no part in it.
    pub(super) fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// The reconnect timeout of the workers that the one object has and the other has not.
pub(super) fn default(before: &Json<'_>, after: &Json<'_>) -> Option<String> {
    let [before, after] = [before, after].map(|json| {
        let workers = RayObject::read(json)?.cluster.workers;
        Some(RayObject::reconnect_timeout_var(workers.first()?)?.literal()?.to_owned())
    });
    if before.is_some() { None } else { after }
}

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |rules: &BTreeSet<&'static str>| rules.iter().copied().collect::<Vec<_>>().join(", ");
        if !self.denied.is_empty() {
            write!(formatter, "refused by {}", names(&self.denied))?;
        } else if let Some(seconds) = &self.default {
            write!(formatter, "admitted with the default {RECONNECT_TIMEOUT}={seconds} for its workers")?;
        } else {
            formatter.write_str("admitted without a default")?;
        }
        if !self.warned.is_empty() {
            write!(formatter, ", with a warning of {}", names(&self.warned))?;
        }
        Ok(())
    }
}
