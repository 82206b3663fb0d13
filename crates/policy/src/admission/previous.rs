//! The object that an update replaces, read only if a rule or ratcheting asks for it.

use std::cell::{Cell, OnceCell};

use memchr::memmem;
use rayguard_manifest::json::Json;

use super::{Malformed, Request};
use crate::context::Previous;
use crate::ray::RayObject;

/// The old object of a request. Reading it takes as long as reading the new object, and most reviews do not need it.
#[derive(Debug)]
pub(super) struct LazyPrevious<'r, 'a> {
    request: &'r Request<'a>,
    version: Option<&'r str>,
    text: &'a str,
    json: &'r OnceCell<Json<'a>>,
    object: OnceCell<Option<RayObject<'r>>>,
    error: Cell<Option<Malformed>>,
}

impl<'r, 'a> LazyPrevious<'r, 'a> {
    /// The old object of an update, to be read into `json`; `None` for another operation.
    pub(super) fn of(request: &'r Request<'a>, version: Option<&'r str>, json: &'r OnceCell<Json<'a>>) -> Option<Self> {
        let text = request.old_text()?;
        Some(Self { request, version, text, json, object: OnceCell::new(), error: Cell::new(None) })
    }

    /// The error that reading it has met.
    pub(super) fn error(self) -> Option<Malformed> {
        self.error.get()
    }

    fn read(&self) -> Option<RayObject<'r>> {
        match self.request.read_old_object() {
            Ok(json) => {
                let json = self.json.get_or_init(|| json.unwrap_or_default());
                self.request.read_as_subject(json, self.version)
            }
            Err(error) => {
                self.error.set(Some(error));
                None
            }
        }
    }
}

impl<'r> Previous<'r> for LazyPrevious<'r, '_> {
    fn object(&self) -> Option<&RayObject<'r>> {
        self.object.get_or_init(|| self.read()).as_ref()
    }

    fn may_have(&self, field: &str) -> bool {
        // Without this search, each update reads the old object. Reading only the compared fields of it costs 17 % of a
        // /validate of raycluster-reapply (benches/instructions), and reading all of it more. The API server escapes no
        // letters in the names of fields.
        memmem::find(self.text.as_bytes(), format!("\"{field}\"").as_bytes()).is_some()
    }

    fn may_have_other(&self, field: &str, values: &[&str]) -> bool {
        let name = format!("\"{field}\"");
        memmem::find_iter(self.text.as_bytes(), name.as_bytes()).any(|at| {
            // The API server writes no blanks and escapes no letters. Other texts may differ.
            let value = self.text[at + name.len()..].strip_prefix(":\"").and_then(|rest| rest.split('"').next());
            value.is_none_or(|value| values.binary_search(&value).is_err())
        })
    }
}
