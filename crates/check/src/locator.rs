//! The locations of findings in a document.

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{Document, Embedded, Location};
use rayguard_policy::rule::Finding;

/// Locates findings in a document. The last embedded document, such as a Serve configuration, is parsed only once.
pub struct Locator<'d, 't> {
    document: &'d Document<'t>,
    embedded: Option<(FieldPath, Option<Embedded<'d, 't>>)>,
}

impl<'d, 't> Locator<'d, 't> {
    /// Returns the locator of a document.
    pub fn of(document: &'d Document<'t>) -> Self {
        Self { document, embedded: None }
    }

    /// Returns the location of a finding: within the text of its field, if it is about a part of that text.
    pub fn locate(&mut self, finding: &Finding, path: &FieldPath) -> Location {
        let Some(span) = &finding.within else {
            return if finding.is_about_key { self.document.locate_key(path) } else { self.document.locate(path) };
        };
        if self.embedded.as_ref().is_none_or(|(known, _)| known != path) {
            self.embedded = Some((path.clone(), self.document.embedded(path)));
        }
        let embedded = self.embedded.as_ref().and_then(|(_, embedded)| embedded.as_ref());
        embedded.and_then(|embedded| embedded.locate(span)).unwrap_or_else(|| self.document.locate(path))
    }
}
