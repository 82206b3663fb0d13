//! A JSON list that is written item by item.

use std::io::{self, Write};

use serde::Serialize;

/// The state of a list that is being written.
#[derive(Debug, Default)]
pub(super) struct Items {
    is_begun: bool,
}

impl Items {
    /// Writes one more item, indented by this number of spaces.
    pub(super) fn write(&mut self, out: &mut dyn Write, indent: usize, item: &impl Serialize) -> io::Result<()> {
        let before = if self.is_begun { "," } else { "[" };
        self.is_begun = true;
        let json = serde_json::to_string_pretty(item)?;
        write!(out, "{before}\n{:indent$}{}", "", indented(&json, indent))
    }

    /// Ends the list, which may be empty.
    pub(super) fn end(&self, out: &mut dyn Write, indent: usize) -> io::Result<()> {
        if self.is_begun { write!(out, "\n{:indent$}]", "") } else { out.write_all(b"[]") }
    }
}

/// Indents all lines of JSON but the first by this number of spaces. No string in JSON contains a line break.
pub(super) fn indented(json: &str, indent: usize) -> String {
    json.replace('\n', &format!("\n{:indent$}", ""))
}
