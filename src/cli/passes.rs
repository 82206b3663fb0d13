//! The two passes over the files of a run: each file by itself, and then those that share a storage key with others.

use rayguard_check::checker::{CheckedFile, Checker};
use rayguard_check::report::{Report, Unreadable};
use rayguard_check::storage::{self, WrittenKey};
use rayguard_policy::cluster_context::{ClusterContext, KnownObjects, NoContext};

use super::fix::Fixed;
use super::source::Source;

/// Checks the files of a run.
pub(super) struct Passes<'c> {
    pub(super) checker: Checker<'c>,
    /// The result of `--fix`.
    pub(super) fixed: Option<Fixed>,
}

/// The results for a file, without the rules that compare its objects with those of other files.
pub(super) struct FirstPass {
    pub(super) report: Report,
    /// The storage keys of its objects.
    pub(super) storage_keys: Vec<WrittenKey>,
    /// The file, if its objects have storage keys.
    input: Option<SecondPassInput>,
}

/// The input of a second pass.
enum SecondPassInput {
    /// The file is read again, so that only a few files are in memory at a time.
    Source(Source),
    /// The content of a file that can be read only once.
    Bytes(Vec<u8>),
}

impl Passes<'_> {
    /// Checks a file by itself.
    pub(super) fn first(&self, source: Result<Source, Unreadable>) -> FirstPass {
        match source.and_then(|source| Ok((self.read(&source)?, source))) {
            Err(unreadable) => {
                let mut report = Report::new(unreadable.file.as_str());
                report.fail(unreadable);
                FirstPass { report, storage_keys: Vec::new(), input: None }
            }
            Ok((bytes, source)) => {
                let CheckedFile { report, storage_keys } = self.checker.check(source.name(), &bytes, &NoContext);
                let input = (!storage_keys.is_empty()).then(|| match source {
                    source if source.is_rereadable() => SecondPassInput::Source(source),
                    _ => SecondPassInput::Bytes(bytes),
                });
                FirstPass { report, storage_keys, input }
            }
        }
    }

    /// Checks a file again if another object has one of its storage keys.
    pub(super) fn second(&self, first: FirstPass, others: &KnownObjects) -> Report {
        let FirstPass { report, storage_keys, input } = first;
        let Some(input) = input.filter(|_| storage::has_conflict(&storage_keys, others)) else { return report };
        let bytes = match input {
            SecondPassInput::Bytes(bytes) => Ok(bytes),
            SecondPassInput::Source(source) => self.read(&source),
        };
        match bytes {
            Ok(bytes) => self.checker.check(report.file, &bytes, others as &dyn ClusterContext).report,
            Err(unreadable) => {
                let mut report = Report::new(report.file);
                report.fail(unreadable);
                report
            }
        }
    }

    fn read(&self, source: &Source) -> Result<Vec<u8>, Unreadable> {
        match self.fixed.as_ref().and_then(|fixed| fixed.read(source)) {
            Some(bytes) => Ok(bytes),
            None => source.read(),
        }
    }
}
