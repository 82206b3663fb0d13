//! Helm, and the programs that are built together with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use super::ROOT;

/// Returns Helm, or a program that is built together with it. `RAYGUARD_HELM` selects the major version of Helm.
pub(super) fn program(name: &str) -> Command {
    start(None, name)
}

/// Returns Helm 3 or 4, whatever `RAYGUARD_HELM` selects.
pub(super) fn helm_of_major(major: u8) -> Command {
    start(Some(major), "helm")
}

fn start(major: Option<u8>, name: &str) -> Command {
    let mut program = Command::new(folder(major).join(name));
    // The settings of the user who runs the tests have no effect: no kubeconfig, no repositories, no plugins.
    program.env_clear().env("HOME", "/nonexistent").current_dir(ROOT);
    program
}

fn folder(major: Option<u8>) -> PathBuf {
    static FOLDERS: LazyLock<Mutex<BTreeMap<Option<u8>, PathBuf>>> = LazyLock::new(Mutex::default);
    let build = || {
        let mut script = Command::new("bash");
        script.arg(Path::new(ROOT).join("tests/kubernetes/helm")).stderr(Stdio::inherit());
        if let Some(major) = major {
            script.env("RAYGUARD_HELM", major.to_string());
        }
        let output = script.output().expect("bash runs");
        assert!(output.status.success(), "tests/kubernetes/helm made no Helm; the reason is above");
        PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim_end())
    };
    FOLDERS.lock().expect("no thread panicked").entry(major).or_insert_with(build).clone()
}

/// Returns the output of Helm, or its error message if it fails.
pub(super) fn helm<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<String, String> {
    outcome(program("helm").args(arguments))
}

/// Runs a command, and returns its output, or its error message if it fails.
pub(super) fn outcome(command: &mut Command) -> Result<String, String> {
    let output = command.output().expect("Helm runs");
    let text = |bytes| String::from_utf8(bytes).expect("Helm writes UTF-8");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}
