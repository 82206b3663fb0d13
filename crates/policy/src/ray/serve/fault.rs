//! What is wrong in a Serve configuration.

use std::fmt;
use std::ops::Range;

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::Document;

use crate::reason::Reason;

/// The maximum number of values that are refused, and of keys that are ignored, which are reported of one configuration.
/// They bound its memory and the time for it.
pub(super) const MAX_REFUSED: usize = 1000;
pub(super) const MAX_IGNORED: usize = 100;

/// A fault in a Serve configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind, which decides the rule that reports it.
    pub kind: FaultKind,
    /// The kind of error, as Kubernetes classifies it.
    pub reason: Reason,
    /// Whether Ray refuses the configuration for certain.
    pub is_certain: bool,
    /// The path in the configuration.
    pub path: FieldPath,
    /// What is wrong, after the path.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The span, in bytes of the configuration.
    pub at: Range<usize>,
}

/// The kind of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Ray refuses a value.
    Option,
    /// A name or a route prefix occurs twice.
    Duplicate,
    /// Ray ignores a key.
    UnknownKey,
}

/// The position of a value in a configuration. It becomes a path only where a fault is reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: PlaceStep<'p>,
}

#[derive(Clone, Copy, Debug)]
enum PlaceStep<'p> {
    Root,
    Field(&'p str),
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub(super) const ROOT: Place<'static> = Place { parent: None, step: PlaceStep::Root };

    /// Returns the position of a field that Ray knows.
    pub(super) fn field(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: PlaceStep::Field(name) }
    }

    /// Returns the position of a key that the user chose.
    pub(super) fn key(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: PlaceStep::Key(name) }
    }

    /// Returns the position of an item of a list.
    pub(super) fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: PlaceStep::Index(index) }
    }

    /// Returns the path from the configuration down.
    pub(super) fn path(&self) -> FieldPath {
        let path = self.parent.map_or_else(FieldPath::root, Place::path);
        match self.step {
            PlaceStep::Root => path,
            PlaceStep::Field(name) => path.field(name.to_owned()),
            PlaceStep::Key(name) => path.key(name),
            PlaceStep::Index(index) => path.index(index),
        }
    }
}

/// The faults of a configuration in the order in which they are found.
pub(super) struct Faults<'d, 't> {
    document: &'d Document<'t>,
    ignored: usize,
    list: Vec<Fault>,
}

impl<'d, 't> Faults<'d, 't> {
    pub(super) fn of(document: &'d Document<'t>) -> Self {
        Self { document, ignored: 0, list: Vec::new() }
    }

    /// Returns the faults in the order of the text.
    pub(super) fn into_list(mut self) -> Vec<Fault> {
        self.list.sort_by_key(|fault| fault.at.start);
        self.list
    }

    /// Reports whether no more values are reported.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() - self.ignored >= MAX_REFUSED
    }

    /// Reports whether no more keys are reported.
    pub(super) fn is_full_of_keys(&self) -> bool {
        self.ignored >= MAX_IGNORED
    }

    /// Reports a value that Ray refuses.
    pub(super) fn invalid(&mut self, place: &Place<'_>, message: impl fmt::Display, help: impl Into<String>) {
        self.report(FaultKind::Option, Reason::Invalid, place, message, help);
    }

    /// Reports a field that is missing.
    pub(super) fn required(&mut self, place: &Place<'_>, message: impl fmt::Display, help: impl Into<String>) {
        self.report(FaultKind::Option, Reason::Required, place, message, help);
    }

    /// Reports a field that is not allowed next to another one.
    pub(super) fn forbidden(&mut self, place: &Place<'_>, message: impl fmt::Display, help: impl Into<String>) {
        self.report(FaultKind::Option, Reason::Forbidden, place, message, help);
    }

    /// Lowers the last fault to a warning, because Ray may accept the configuration.
    pub(super) fn unless_the_code_allows(&mut self) {
        if let Some(last) = self.list.last_mut() {
            last.is_certain = false;
        }
    }

    /// Reports a fault. Beyond the limit, it is not kept.
    pub(super) fn report(
        &mut self,
        kind: FaultKind,
        reason: Reason,
        place: &Place<'_>,
        message: impl fmt::Display,
        help: impl Into<String>,
    ) {
        let is_key = kind == FaultKind::UnknownKey;
        if is_key && self.is_full_of_keys() || !is_key && self.is_full() {
            return;
        }
        self.ignored += usize::from(is_key);
        let path = place.path();
        // The key itself is displayed for a field that is not there.
        let at = if is_key { self.document.locate(&path.clone().key("")) } else { self.document.locate(&path) }.bytes;
        let (message, help, is_certain) = (message.to_string(), help.into(), !is_key);
        self.list.push(Fault { kind, reason, is_certain, path, message, help, at });
    }
}
