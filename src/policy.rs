//! The policy: which rules apply at which level, which defaults are written, and what follows for an object.

use json_patch::Patch;

use crate::kuberay::KubeRay;
use crate::ray::RayObject;
use crate::rule::{Finding, Findings, Level, Rule, Scope};
use crate::rules::RULES;

/// What rules can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the target cluster runs.
    pub kuberay: KubeRay,
    /// Below this many seconds a worker's reconnect timeout is called short.
    pub short_worker_reconnect_timeout: u32,
    /// By less than this many seconds above the head's, a worker's reconnect timeout is called short.
    pub reconnect_timeout_margin: u32,
    /// The reconnect timeout of a head that sets none, in seconds: Ray's 60, unless the operator is configured to add
    /// another one to every container (`defaultContainerEnvs`).
    pub assumed_head_reconnect_timeout: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kuberay: KubeRay::default(),
            short_worker_reconnect_timeout: 120,
            reconnect_timeout_margin: 60,
            assumed_head_reconnect_timeout: crate::ray::timeout::RAY_DEFAULT,
        }
    }
}

/// The whole configured set of rules and defaults. Immutable once made.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What rules can be told.
    pub settings: Settings,
}

impl Policy {
    /// The level at which a rule works.
    pub fn level(&self, rule: &Rule) -> Level {
        rule.level
    }

    /// Everything that is wrong with an object, as the validating webhook sees it. On an update, what the old object
    /// already violated is a warning.
    pub fn validate(&self, object: &RayObject<'_>, old: Option<&RayObject<'_>>) -> Vec<Finding> {
        let _ = old;
        if object.is_being_deleted() {
            return Vec::new();
        }
        let rules = RULES.iter().filter(|rule| rule.scope == Scope::Admission);
        Findings::collect(object, &self.settings, rules.map(|rule| (*rule, self.level(rule))))
    }

    /// The defaults that an object lacks, as the mutating webhook writes them.
    pub fn mutate(&self, object: &RayObject<'_>, old: Option<&RayObject<'_>>) -> Patch {
        let _ = (object, old);
        Patch(Vec::new())
    }
}
