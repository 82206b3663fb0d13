//! KubeRay's own validators: a Go program of this project around KubeRay's published module.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use std::thread;

use serde::Deserialize;

use crate::case::Case;
use crate::kuberay::module;

/// The version that is asked.
pub const VERSION: &str = "v1.6.2";

/// What KubeRay says of one object.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    /// Why the object is none that the API server could have stored, if so.
    pub undecodable: Option<String>,
    pub errors: Vec<Said>,
    /// The validators that crash on the object, and so give no verdict.
    pub panics: Vec<Said>,
}

/// What one validator says.
#[derive(Clone, Debug, Deserialize)]
pub struct Said {
    pub validator: String,
    pub text: String,
}

/// A call of a validator that one of KubeRay's own tests makes.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    pub validator: String,
    pub gates: std::collections::BTreeMap<String, bool>,
    pub inputs: Vec<serde_json::Value>,
    pub error: Option<String>,
}

/// Asks about each case in turn, and hands on what is said.
pub fn judge(cases: impl Iterator<Item = Case> + Send, mut each: impl FnMut(Case, Answer)) {
    let mut process = Command::new(program())
        .arg("judge")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program that was just built");
    let mut questions = BufWriter::new(process.stdin.take().expect("a pipe"));
    let answers = BufReader::new(process.stdout.take().expect("a pipe"));
    thread::scope(|scope| {
        // The program keeps some answers back until its buffer is full, so more than a few questions must be on their way.
        let (asked, waiting) = sync_channel(100_000);
        scope.spawn(move || {
            for case in cases {
                writeln!(questions, "{}", case.question()).expect("the program reads");
                asked.send(case).expect("somebody waits for the answer");
            }
            questions.flush().expect("the program reads");
        });
        let mut answers = answers.lines();
        for case in waiting {
            let line = answers.next().expect("an answer to each question").expect("UTF-8");
            let answer = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            each(case, answer);
        }
    });
    assert!(process.wait().expect("it ends").success(), "the validators failed, and say why above");
}

/// The texts of the errors that KubeRay's validators make, as its source has them: with `%s` for what varies.
pub fn messages() -> Vec<String> {
    let output = run(Command::new(program()).arg("messages").arg(module(VERSION)));
    output.lines().map(|line| serde_json::from_str(line).expect("a JSON string a line")).collect()
}

/// What KubeRay's own tests of its validators ask them.
pub fn calls() -> Vec<Call> {
    let folder = scratch("recording");
    run(Command::new(program()).current_dir(sources()).arg("instrument").arg(module(VERSION)).arg(&folder));
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

/// The program's path; the program is built first, which takes long where Go has never built KubeRay.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = scratch("validators").join("validators");
        run(go("build").args(["-trimpath", "-buildvcs=false", "-o"]).arg(&program).arg("."));
        program
    })
}

/// A command of Go's in the folder of the program's sources.
fn go(command: &str) -> Command {
    let mut go = Command::new("go");
    go.arg(command).current_dir(sources());
    go
}

fn sources() -> PathBuf {
    crate::root().join("tests/kuberay/validators")
}

/// A folder for what is built, beside cargo's folder of the test program that runs.
fn scratch(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    let cargo = program.parent().and_then(Path::parent).expect("cargo puts it into debug/deps");
    let folder = cargo.join("kuberay").join(name);
    std::fs::create_dir_all(&folder).expect("cargo's folder can be written");
    folder
}

/// Runs a command to its end, and gives back what it wrote.
fn run(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; KubeRay's validators are Go: install Go 1.25 or newer, see https://go.dev/dl")
    });
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).expect("UTF-8")
}
