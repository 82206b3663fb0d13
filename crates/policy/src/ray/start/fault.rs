//! What `ray start` refuses at a field.

use crate::refusal::Refusal;

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
pub type Fault = Refusal<Subject>;
