//! The location of a value during validation.

use rayguard_manifest::path::FieldPath;

/// The location of a value. It is a list on the stack, so that validating a correct object builds no path.
#[derive(Clone, Copy)]
pub(crate) enum At<'p> {
    /// The location at which validation starts
    Root(&'p dyn Fn() -> FieldPath),
    /// A field that the schema names
    Field(&'p At<'p>, &'static str),
    /// A key that the user chooses, as that of a label
    Key(&'p At<'p>, &'p str),
    /// An item of a list
    Index(&'p At<'p>, usize),
}

impl<'p> At<'p> {
    /// Returns the location of a field of this value.
    pub(crate) fn field(&'p self, name: &'static str) -> At<'p> {
        At::Field(self, name)
    }

    /// Returns the location of a key of this map.
    pub(crate) fn key(&'p self, key: &'p str) -> At<'p> {
        At::Key(self, key)
    }

    /// Returns the location of an item of this list.
    pub(crate) fn index(&'p self, index: usize) -> At<'p> {
        At::Index(self, index)
    }

    /// Returns the location as a path from the object down.
    pub(crate) fn path(&self) -> FieldPath {
        match self {
            At::Root(path) => path(),
            At::Field(above, name) => above.path().field(*name),
            At::Key(above, key) => above.path().key(*key),
            At::Index(above, index) => above.path().index(*index),
        }
    }
}
