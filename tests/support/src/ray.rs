//! The Python code of Ray, from its wheel in the Python Package Index.

use std::path::Path;
use std::process::{Command, Stdio};

/// Returns a command that runs a Python program of this project with a version of Ray, such as `2.60.0`.
///
/// # Panics
///
/// Panics if Ray cannot be installed. The reason is on standard error.
pub fn python(version: &str, program: &Path) -> Command {
    let script = crate::root().join("tests/ray/wheel");
    let output = Command::new("bash").arg(script).arg(version).stderr(Stdio::inherit()).output().expect("bash runs");
    assert!(output.status.success(), "tests/ray/wheel {version} failed; the reason is above");
    let text = String::from_utf8(output.stdout).expect("paths in UTF-8");
    let (interpreter, wheel) = text.trim_end().split_once('\n').expect("two lines");
    let mut command = Command::new(interpreter);
    // Without -B, Python writes bytecode into the checkout.
    command.arg("-B").arg(program).env("PYTHONPATH", wheel);
    command
}
