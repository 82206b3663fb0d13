//! What `check` tells programs: one object of JSON, written while the check goes on.

use std::cell::RefCell;
use std::io::{self, Write};

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::output::{self, Data};
use super::report::{Report, Summary};

/// Writes the reports as they come. Findings are not kept.
pub(super) fn write(reports: &mut dyn Iterator<Item = Report>) -> io::Result<Summary> {
    let mut data = Data::new();
    let mut errors = Vec::new();
    let mut summary = Summary::default();
    let findings = reports.flat_map(|report| {
        report.errors.iter().for_each(|error| output::complain(&error.text));
        errors.extend(report.errors);
        summary.add(&report.summary);
        report.findings
    });
    let findings = Drained(RefCell::new(findings));
    let mut serializer = serde_json::Serializer::pretty(&mut data);
    let mut object = serializer.serialize_struct("Check", 3)?;
    object.serialize_field("findings", &findings)?;
    drop(findings);
    object.serialize_field("errors", &errors)?;
    object.serialize_field("summary", &summary)?;
    object.end()?;
    data.write_all(b"\n")?;
    data.flush()?;
    Ok(summary)
}

/// A list of items that are made while it is written, and so can be written once.
struct Drained<I>(RefCell<I>);

impl<I: Iterator<Item: Serialize>> Serialize for Drained<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&mut *self.0.borrow_mut())
    }
}
