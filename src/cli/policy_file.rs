//! The policy file.

use std::path::Path;

use rayguard::policy::Policy;
use rayguard::yaml::{self, Document, Lines, YamlError};

use super::CliError;
use super::source::Source;
use super::text::{self, TextView};

/// The policy in a file; the built-in one without a file.
pub(super) fn load(path: Option<&Path>) -> Result<Policy, CliError> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let source = Source::File(path.to_owned());
    let name = source.name();
    let bytes = source.read().map_err(|unreadable| CliError::Config(unreadable.text))?;
    let view = TextView::new(None);
    let text = yaml::decode(&bytes).map_err(|error| CliError::Config(text::undecoded(&name, &error)))?;
    let shown = |error: &YamlError| CliError::Config(view.unreadable(&Lines::of(text), &name, error));
    let mut documents = Vec::new();
    for document in yaml::documents(text) {
        documents.push(document.map_err(|error| shown(&error))?);
    }
    let [document] = &documents[..] else {
        let message = format!("{name}: a policy file has one document, this one has {}", documents.len());
        return Err(CliError::Config(self::text::error(&message)));
    };
    read(document, &name)
}

fn read(document: &Document<'_>, name: &str) -> Result<Policy, CliError> {
    Policy::from_json(&document.json).map_err(|errors| {
        let shown = errors.iter().map(|error| {
            let start = document.locate(&error.path).start;
            text::error(&format!("{name}:{}:{}: {error}", start.line, start.column))
        });
        CliError::Config(shown.collect())
    })
}
