//! The levels at which a rule can work.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens on a finding. The order is by strictness; the strictest is last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The rule does not run.
    Off,
    /// The finding goes to the audit log and the metrics only.
    Audit,
    /// The object is admitted with a warning.
    Warn,
    /// The object is refused.
    Deny,
}

impl Level {
    /// Returns the level as the policy file spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Audit => "audit",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
