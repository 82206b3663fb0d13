//! KubeRay's own validators, called by a Go program of this project.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::case::Case;
use crate::kuberay::{module, newest};
use crate::oracle::ask;

/// KubeRay's verdict on one object.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    /// The reason why the API server could not have stored the object, if it could not.
    pub undecodable: Option<String>,
    pub errors: Vec<Message>,
    /// The validators that panic on the object, and so give no verdict.
    pub panics: Vec<Message>,
}

/// The message of one validator.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    pub validator: String,
    pub text: String,
}

/// A call of a validator by one of KubeRay's own tests.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    pub validator: String,
    pub gates: std::collections::BTreeMap<String, bool>,
    pub inputs: Vec<serde_json::Value>,
    pub error: Option<String>,
}

/// Calls the validators for each case in turn, and passes the verdict to `each`.
pub fn judge(cases: impl Iterator<Item = Case> + Send, each: impl FnMut(Case, Answer)) {
    ask(command("judge"), cases, Case::request_line, each);
}

/// What bash does in the submitter of a RayJob.
#[derive(Clone, Debug, Deserialize)]
pub struct Submission {
    /// KubeRay's error, if it creates no submitter.
    #[serde(default)]
    pub refused: String,
    /// The arguments of each call of `ray job submit`.
    pub submits: Vec<Vec<String>>,
    /// The other commands that bash runs.
    pub others: Vec<Vec<String>>,
    /// Whether a call of `ray job submit` is connected with something else than the submitter's own output.
    pub redirected: bool,
    /// The first error that bash prints.
    #[serde(default)]
    pub complaint: String,
    /// Whether the line did not end in time.
    pub endless: bool,
}

/// Runs the line that KubeRay makes of each RayJob with bash and a `ray` that only records its arguments, and passes
/// what it did to `each`.
pub fn submit<C: Send>(
    jobs: impl Iterator<Item = C> + Send,
    object: impl Fn(&C) -> String + Send,
    each: impl FnMut(C, Submission),
) {
    ask(command("submit"), jobs, object, each);
}

/// Passes each RayCluster to `each` with the specs of the Pods that KubeRay's operator makes of it: the head's, and one of
/// each worker group. They are empty if KubeRay panics.
pub fn pods<C: Send>(
    clusters: impl Iterator<Item = C> + Send,
    object: impl Fn(&C) -> &Value + Send + Sync,
    mut each: impl FnMut(C, Vec<Value>),
) {
    #[derive(Deserialize)]
    struct Created {
        created: Vec<Creation>,
    }
    #[derive(Deserialize)]
    struct Creation {
        from: String,
        #[serde(default)]
        object: Value,
    }
    let question = |cluster: &C| object(cluster).to_string();
    ask(Command::new(created()), clusters, question, |cluster, answer: Created| {
        let pods = answer.created.into_iter().filter(|created| created.from.ends_with(".template"));
        each(cluster, pods.map(|mut created| created.object["spec"].take()).collect());
    });
}

/// Returns the texts of the errors of KubeRay's validators as in its source, with verbs such as `%s`.
pub fn messages() -> Vec<String> {
    let output = run(Command::new(program()).arg("messages").arg(module(newest())));
    output.lines().map(|line| serde_json::from_str(line).expect("a JSON string a line")).collect()
}

/// Returns the calls that KubeRay's own tests make of its validators.
pub fn calls() -> Vec<Call> {
    let folder = scratch("recording");
    run(Command::new(program()).current_dir(sources()).arg("instrument").arg(module(newest())).arg(&folder));
    let test = folder.join("utils.test");
    run(go("test")
        .args(["-trimpath", "-c", "-o"])
        .arg(&test)
        .arg("-modfile")
        .arg(folder.join("go.mod"))
        .arg("github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"));
    let output = run(Command::new(test).arg("-test.run=^TestValidate"));
    let lines = output.lines().filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Returns a call of the program, which answers each line of its input.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(program());
    command.arg(name);
    command
}

/// Returns the program's path. The program is built first, which takes long if Go has not built KubeRay before.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build(".", "validators"))
}

/// Returns the path of the program that builds what KubeRay's operator creates. The program is built first.
pub(crate) fn created() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build("./created", "created"))
}

/// Builds a package of the program's sources.
fn build(package: &str, name: &str) -> PathBuf {
    let program = scratch("validators").join(name);
    run(go("build").args(["-trimpath", "-buildvcs=false", "-o"]).arg(&program).arg(package));
    program
}

/// Returns a Go command in the folder of the program's sources.
fn go(command: &str) -> Command {
    let mut go = Command::new("go");
    go.arg(command).current_dir(sources());
    go
}

fn sources() -> PathBuf {
    crate::root().join("tests/kuberay/validators")
}

/// Returns a folder for build results, next to cargo's folder of the running test program.
fn scratch(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    let cargo = program.parent().and_then(Path::parent).expect("cargo puts it into debug/deps");
    let folder = cargo.join("kuberay").join(name);
    std::fs::create_dir_all(&folder).expect("cargo's folder can be written");
    folder
}

/// Runs a command to its end, and returns what it wrote.
fn run(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; KubeRay's validators are Go: install Go 1.25 or newer, see https://go.dev/dl")
    });
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).expect("UTF-8")
}
