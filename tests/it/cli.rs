//! Tests of the binary as a shell runs it.

mod assumptions;
mod check;
mod comparison;
mod connection;
mod default;
mod exemptions;
mod fix;
mod foreign;
mod formats;
mod hostile;
mod lsp;
mod many;
mod output;
mod pictures;
mod reading;
mod reported;
mod rules;
mod schema;
mod secrets;
mod shells;
mod survival;
mod terminal;
mod transcripts;
mod version;
mod within;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A fault-tolerant cluster whose workers give up before the head does.
pub(crate) const DENIED: &str = r#"apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: denied
spec:
  gcsFaultToleranceOptions:
    redisAddress: redis:6379
    redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}
  headGroupSpec:
    rayStartParams: {num-cpus: "0"}
    template:
      spec:
        containers:
        - name: ray-head
          image: rayproject/ray:2.52.0
          resources: {limits: {memory: 4Gi}, requests: {memory: 4Gi}}
          env:
          - name: RAY_gcs_rpc_server_reconnect_timeout_s
            value: "900"
  workerGroupSpecs:
  - groupName: small
    template:
      spec:
        containers:
        - name: ray-worker
          image: rayproject/ray:2.52.0
          env:
          - name: RAY_gcs_rpc_server_reconnect_timeout_s
            value: "300"
"#;

/// Returns the cluster of [`DENIED`] with workers that wait longer than the head.
fn allowed() -> String {
    DENIED.replace("\"300\"", "\"1500\"").replace("name: denied", "name: allowed")
}

/// Returns the cluster of [`DENIED`] with workers that wait only a little longer than the head.
fn warned() -> String {
    DENIED.replace("\"300\"", "\"910\"").replace("name: denied", "name: warned")
}

/// A temporary folder in which the binary runs.
pub(crate) struct Shell {
    folder: TempDir,
}

/// The exit status and the output of a command.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Creates a folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let shell = Self::new();
        for (name, text) in files {
            shell.write(name, text.as_bytes());
        }
        shell
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(&path, bytes).expect("the file can be written");
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rayguard"));
        command.args(arguments);
        self.prepare(&mut command);
        command
    }

    /// Returns a command that runs a shell line. In it the binary is called `rayguard`.
    pub(crate) fn bash(&self, line: &str) -> Command {
        let bin = Path::new(env!("CARGO_BIN_EXE_rayguard")).parent().expect("a folder");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a PATH"));
        let mut bash = Command::new("bash");
        bash.args(["-c", line]).env("PATH", path);
        self.prepare(&mut bash);
        bash
    }

    /// Sets the working folder, and removes environment variables that change the output.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.current_dir(self.path());
        for variable in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "RAYGUARD_CONFIG"] {
            command.env_remove(variable);
        }
    }

    /// Runs the binary with empty standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.pipe(arguments, b"")
    }

    /// Runs the binary with this standard input.
    pub(crate) fn pipe(&self, arguments: &[&str], input: &[u8]) -> CommandOutput {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        // A command that reads nothing closes the pipe, which is not an error.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the binary ends");
        writer.join().expect("the input was written");
        CommandOutput {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Returns the report of `check --output json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let arguments: Vec<_> = ["check", "--output", "json"].iter().chain(arguments).copied().collect();
        let ended = self.run(&arguments);
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    }
}

/// Returns `file:line:column rule` for each finding.
pub(crate) fn locations(report: &serde_json::Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list");
    let location = |finding: &serde_json::Value| {
        let text = |field: &str| finding[field].as_str().expect("text").to_owned();
        format!("{}:{}:{} {}", text("file"), finding["line"], finding["column"], text("rule"))
    };
    findings.iter().map(location).collect()
}
