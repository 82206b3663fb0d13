//! What happens to an object, according to the policy or the API server.

use std::collections::BTreeSet;
use std::fmt;

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::ray::timeout::RECONNECT_TIMEOUT;
use rayguard_policy::rule::{Level, Scope};

/// What rayguard does to an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The rules that refuse the object
    pub(super) denied: BTreeSet<&'static str>,
    /// The rules that warn of the object
    pub(super) warned: BTreeSet<&'static str>,
    /// The reconnect timeout that the workers got as a default; `None` for an object that is refused
    pub(super) default: Option<String>,
}

impl Outcome {
    /// Returns the outcome that a policy asks for.
    pub(super) fn expected(policy: &Policy, object: &Json<'_>, namespace: &str) -> Self {
        let outcome = policy.dry_run(object, Some(namespace)).expect("it is a RayCluster");
        // The API server reports the other findings itself, with its own messages.
        let findings = outcome.findings.iter().filter(|finding| finding.rule.scope == Scope::Admission);
        let at = |level| {
            let rules = findings.clone().filter(|finding| finding.level == level).map(|finding| finding.rule.name);
            rules.collect::<BTreeSet<_>>()
        };
        let (denied, warned) = (at(Level::Deny), at(Level::Warn));
        let default = if denied.is_empty() { added_timeout(object, &outcome.object) } else { None };
        Self { denied, warned, default }
    }

    /// Whether rayguard neither refuses, nor warns of, nor changes the object.
    pub(super) fn is_untouched(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns the reconnect timeout of the workers if only the object after the admission has one.
pub(super) fn added_timeout(before: &Json<'_>, after: &Json<'_>) -> Option<String> {
    let [before, after] = [before, after].map(|json| {
        let workers = RayObject::read(json)?.cluster.workers;
        Some(RayObject::reconnect_timeout_var(workers.first()?)?.literal()?.to_owned())
    });
    if before.is_some() { None } else { after }
}

impl fmt::Display for Outcome {
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
