//! The Debian packages that tests need.

use std::process::Command;
use std::sync::OnceLock;

/// Makes sure, once for each test program, that the Debian packages of tests/packages are installed. As root this installs
/// what is missing; as another user the test fails with the command that does.
pub fn require() {
    static RESULT: OnceLock<Result<(), String>> = OnceLock::new();
    let result = RESULT.get_or_init(|| {
        let script = crate::root().join("tests/packages");
        let output = Command::new("bash").arg(script).output().map_err(|error| format!("bash: {error}"))?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    });
    if let Err(message) = result {
        panic!("{message}");
    }
}
