//! Rules: one check each, with its documentation.
//!
//! A rule is a `static` with a function, and its findings are data. All findings of all rules are collected, so that a
//! user fixes a cluster once and not once for each error.

mod finding;
mod level;
mod message;

use std::fmt;

use serde::Serialize;

use crate::context::Context;
pub use finding::{Finding, Findings, MAX_FINDINGS};
pub use level::Level;
pub use message::Message;

/// One check, with its documentation.
pub struct Rule {
    /// The rule's name in kebab case, which names the error: `worker-reconnect-timeout`. It never changes without an
    /// alias.
    pub name: &'static str,
    /// One line that says what is wrong where the rule reports something.
    pub summary: &'static str,
    /// What the rule protects.
    pub category: Category,
    /// The level at which the rule works unless the policy sets another one.
    pub level: Level,
    /// Where the rule runs.
    pub scope: Scope,
    /// What the rule reads in addition to the object.
    pub input: Input,
    /// The version of rayguard that first had the rule.
    pub since: &'static str,
    /// The whole documentation, in Markdown. Its examples are the rule's tests.
    pub docs: &'static str,
    /// The rule as CEL.
    pub cel: Cel,
    /// Reports every violation in the context's object.
    pub check: fn(&Context<'_, '_>, &mut Findings),
}

impl Rule {
    /// Returns the error messages of other programs that stand for the rule, from the section `Error messages` of its
    /// document. Empty if no program says what is wrong.
    pub fn messages(&self) -> impl Iterator<Item = Message> + use<> {
        message::messages(self.docs)
    }

    /// Returns the errors of KubeRay's validators that the rule covers, each by some of its words, older wordings
    /// included.
    pub fn validator_errors(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.messages().filter(|message| message.program == Message::VALIDATORS).map(|message| message.text)
    }

    /// Returns what `check --fix` does about findings of this rule, as its document describes it; `None` where it fixes
    /// none of them.
    pub fn fix_note(&self) -> Option<&'static str> {
        self.docs.split("\n\n").find(|paragraph| paragraph.starts_with("`check --fix` "))
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rule {}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// What a rule protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// A cluster survives the loss of its head
    FaultTolerance,
    /// A Serve application answers while a Pod is gone
    HighAvailability,
    /// Only authorized people read data or run code
    Security,
    /// A check of KubeRay or the API server, made earlier and together with all others
    Kuberay,
    /// A check of Kubernetes on the Pods, Services and Jobs that KubeRay creates
    Kubernetes,
    /// A check of Ray: `ray start`, the autoscaler, Ray Serve and job submission
    Ray,
    /// A check of Kueue, where it is installed
    Kueue,
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Category::FaultTolerance => "fault-tolerance",
            Category::HighAvailability => "high-availability",
            Category::Security => "security",
            Category::Kuberay => "kuberay",
            Category::Kubernetes => "kubernetes",
            Category::Ray => "ray",
            Category::Kueue => "kueue",
        })
    }
}

/// Where a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the webhook and offline, on the object as the API server would store it.
    Admission,
    /// Offline only, on the object as it is written: the API server does the same before it calls a webhook.
    Offline,
}

/// What a rule reads in addition to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    Object,
    /// The object that an update replaces. A rule finds nothing where the object is new.
    Previous,
    /// Other objects of the cluster, where they are known.
    Cluster,
    /// The findings of all other rules, before exemptions are applied.
    Findings,
}

/// The rule as CEL, for `rayguard rules --export cel`.
#[derive(Clone, Copy, Debug)]
pub enum Cel {
    /// The text of the rule's `.cel.yaml`.
    Yes(&'static str),
    /// CEL cannot express the rule, for this reason.
    No(&'static str),
}
