//! How often each check of Ray fired, and how often rayguard found it.

use std::collections::BTreeMap;
use std::fmt;

use crate::Error;

/// The counts of each kind of error.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, [usize; 2]>);

impl Table {
    /// Counts an error. `is_found` says whether rayguard denies its configuration.
    pub(crate) fn count(&mut self, error: &Error, is_found: bool) {
        let [fired, found] = self.0.entry(error.name()).or_default();
        *fired += 1;
        *found += usize::from(is_found);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, " fired   found  check of Ray")?;
        for (name, [fired, found]) in &self.0 {
            writeln!(formatter, "{fired:>6}  {found:>6}  {name}")?;
        }
        Ok(())
    }
}
