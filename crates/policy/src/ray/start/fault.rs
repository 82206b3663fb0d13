//! What `ray start` refuses at a field.

use rayguard_manifest::fix::Fix;
use rayguard_manifest::path::FieldPath;

use crate::reason::Reason;

/// What a fault is about. Each subject has a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A parameter that `ray start` does not have
    UnknownParameter,
    /// A value that the parameter does not accept
    InvalidValue,
    /// A parameter of the head in a worker group
    Misplaced,
    /// A port that two components use
    Port,
    /// The custom resources
    CustomResources,
    /// The labels of the node
    Labels,
    /// The size of the object store
    ObjectStore,
}

/// A field that `ray start` refuses.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What it is about.
    pub subject: Subject,
    /// The kind of error, as Kubernetes classifies it.
    pub reason: Reason,
    /// The field to change, or the one to add.
    pub path: FieldPath,
    /// What is wrong: lower case, one line, no full stop.
    pub message: String,
    /// What to write instead: an instruction, one line, no full stop.
    pub help: String,
    /// The change that fixes it, where there is exactly one safe change.
    pub fix: Option<Fix>,
    /// Whether only some versions of Ray surely refuse it. It is then a warning.
    pub is_uncertain: bool,
}
