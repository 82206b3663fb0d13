//! What KubeRay's operator creates for an object, and the verdict of versions of Kubernetes on it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::{oracle, validators};

/// The versions of Kubernetes that the tests know, the oldest first, after lines of comments.
const VERSIONS: &str = include_str!("../../kubernetes/versions");

/// The verdict of one version of Kubernetes on everything that the operator creates for an object.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    /// The reason why the API server could not have stored the object, if it could not.
    pub undecodable: Option<String>,
    /// The reason why the operator cannot build what it creates. It refuses such an object.
    pub panic: Option<String>,
    /// The verdict on each Pod, Service and Job.
    pub created: Vec<Verdict>,
}

/// The verdict on one object that the operator creates.
#[derive(Clone, Debug, Deserialize)]
pub struct Verdict {
    /// The field of the user's object that describes it most closely.
    pub from: String,
    /// `Pod`, `Service` or `Job`.
    pub kind: String,
    /// The reason why Kubernetes cannot read the object, if it cannot.
    pub undecodable: Option<String>,
    pub errors: Vec<Refusal>,
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// The kind of error, such as `FieldValueInvalid`.
    #[serde(rename = "type")]
    pub reason: String,
    /// The field of the created object.
    pub path: String,
    pub detail: String,
}

/// Returns the versions of Kubernetes to ask, the oldest first: those in the environment variable
/// `RAYGUARD_KUBERNETES_VERSIONS`, such as `1.30.14 1.33.0 1.37.2`, or the oldest and the newest supported one.
pub fn versions() -> Vec<String> {
    if let Ok(chosen) = std::env::var("RAYGUARD_KUBERNETES_VERSIONS") {
        return chosen.split_whitespace().map(str::to_owned).collect();
    }
    let mut known = VERSIONS.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
    let oldest = known.next().expect("an oldest version");
    let newest = known.next_back().expect("a newest version");
    vec![oldest, newest]
}

/// Asks a version of Kubernetes about each object in turn, each as its JSON on one line.
///
/// # Panics
///
/// Panics if a program cannot be compiled or fails. The reason is on standard error.
pub fn judge(version: &str, objects: &[String]) -> Vec<Answer> {
    let mut pipeline = Command::new("bash");
    pipeline.args(["-c", r#"set -o pipefail; "$0" | "$1""#]).arg(validators::created()).arg(program(version));
    let mut answers = Vec::with_capacity(objects.len());
    oracle::ask(pipeline, objects.iter(), |object| (*object).clone(), |_, answer| answers.push(answer));
    answers
}

/// Compiles the programs, so that no test that is measured waits for it.
pub fn prepare(versions: &[String]) {
    validators::created();
    for version in versions {
        program(version);
    }
}

/// Returns the path of the program with the validation of a version of Kubernetes. It is compiled first, which takes
/// some minutes, unless it is cached.
fn program(version: &str) -> PathBuf {
    static PROGRAMS: OnceLock<std::sync::Mutex<std::collections::BTreeMap<String, PathBuf>>> = OnceLock::new();
    let mut programs = PROGRAMS.get_or_init(Default::default).lock().expect("no thread panicked");
    programs
        .entry(version.to_owned())
        .or_insert_with(|| {
            let script = crate::root().join("tests/kubernetes/validators/build");
            let output = Command::new("bash").arg(script).arg(version).stderr(Stdio::inherit()).output();
            let output = output.expect("bash runs");
            assert!(output.status.success(), "tests/kubernetes/validators/build {version} failed; the reason is above");
            String::from_utf8(output.stdout).expect("a path in UTF-8").trim_end().into()
        })
        .clone()
}
