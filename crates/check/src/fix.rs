//! Changes of a text that keep everything else in it as it is: safe fixes, and the defaults of the webhook.

mod apply;
mod defaults;
mod plan;

use rayguard_manifest::yaml::edit::Obstacle;
use rayguard_manifest::yaml::{self, Document, Location};
use rayguard_policy::policy::{Outcome, Policy};

use crate::object;
pub use apply::{with_fix, with_fixes};
pub use defaults::with_defaults;

/// A changed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The text after the change.
    pub text: String,
    /// The number of changes: fixed findings, or objects with defaults.
    pub count: usize,
    /// The changes that are not possible.
    pub unfixed: Vec<Unfixed>,
}

impl Changed {
    fn unchanged(text: &str) -> Self {
        Self { text: text.to_owned(), count: 0, unfixed: Vec::new() }
    }
}

/// A change that is not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfixed {
    /// The name of the rule whose finding is not fixed, or the words for what is not written.
    pub what: &'static str,
    /// The location of the finding, or of the object.
    pub location: Location,
    /// The reason.
    pub reason: Reason,
}

/// The reason why a change is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The form of the text does not allow it.
    #[error("{0}")]
    Obstacle(#[from] Obstacle),
    /// The finding is about a default.
    #[error("the manifest does not have this field; its value is rayguard's default")]
    Default,
    /// A list would have the same name twice.
    #[error("another item of the list already has this name")]
    Taken,
    /// Other fixes come first, too many of them.
    #[error("too many passes over the file; run the command again")]
    Passes,
    /// Another rule would find an error after the fix.
    #[error("it would lead to an error of {0}; change the field by hand")]
    NewError(&'static str),
}

/// Returns the byte at which the object around a byte of a text begins, as [`rayguard_manifest::yaml::edit::Change`]
/// names it; `None` outside of all objects.
pub fn object_at(text: &str, byte: usize) -> Option<usize> {
    let objects = object::in_text(text);
    let spans = objects.iter().map(|object| object.location().bytes);
    spans.filter(|span| span.start <= byte && byte <= span.end).map(|span| span.start).last()
}

/// Returns KubeRay's objects in a text, each with its dry run, and the number of documents that cannot be read.
fn objects<'t>(text: &'t str, policy: &Policy, namespace: &str) -> (Vec<(Document<'t>, Outcome<'t>)>, usize) {
    let (mut objects, mut unreadable) = (Vec::new(), 0);
    for document in yaml::documents(text) {
        match document {
            Ok(document) => object::objects(document, &mut objects),
            Err(_) => unreadable += 1,
        }
    }
    let outcomes = objects.into_iter().filter_map(|document| {
        let outcome = policy.dry_run(&document.json, Some(namespace))?;
        Some((document, outcome))
    });
    (outcomes.collect(), unreadable)
}
