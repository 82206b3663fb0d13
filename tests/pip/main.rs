//! The wheel, and what pip makes of it in a root file system of Debian with Python and without a compiler. `tests/pip/run`
//! makes both, as root, and runs these tests.

mod debian;
mod install;
mod module;
mod source;
mod tools;
mod wheel;

use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns the version as Python writes it: a candidate for a release is `0.1.0rc1` and not `0.1.0-rc.1` (PEP 440).
fn python_version() -> String {
    VERSION.replace("-rc.", "rc")
}

/// Returns a path that `tests/pip/run` has put into an environment variable.
fn path(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("no {variable}: run tests/pip/run, as root")).into()
}

/// Reads a file of the project.
fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The exit status and the output of a command.
#[derive(Debug)]
struct Outcome {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Returns what a successful command printed.
    fn passes(self) -> String {
        assert_eq!(self.status, Some(0), "{}{}", self.out, self.err);
        self.out
    }
}
