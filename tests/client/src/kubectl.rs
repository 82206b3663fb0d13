//! kubectl, as users run it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use rayguard_policy::rules;
use serde_json::Value;

/// The prefix of a warning in kubectl's output.
const WARNING: &str = "Warning: ";

/// The settings to run kubectl or Helm against an API server.
pub struct Kubectl {
    pub program: PathBuf,
    pub kubeconfig: PathBuf,
    pub cache: PathBuf,
    pub namespace: String,
}

/// The result of one command.
#[derive(Debug)]
pub struct Outcome {
    command: String,
    success: bool,
    /// What the command wrote to standard output.
    pub stdout: String,
    /// What the command wrote to standard error: warnings and refusals.
    pub stderr: String,
}

impl Kubectl {
    /// Runs kubectl with these arguments, split at spaces.
    pub fn run(&self, arguments: &str) -> Outcome {
        self.run_with(arguments.split(' '), "")
    }

    /// Runs kubectl with a manifest on standard input, which the arguments name as `-f -`.
    pub fn send(&self, arguments: &str, manifest: &str) -> Outcome {
        self.run_with(arguments.split(' '), manifest)
    }

    /// Runs kubectl with arguments that may contain spaces.
    pub fn run_with<'a>(&self, arguments: impl IntoIterator<Item = &'a str>, stdin: &str) -> Outcome {
        let mut kubectl = Command::new(&self.program);
        // The settings of the user who runs the tests have no effect: no kubeconfig, no preferences, no cache.
        kubectl.env_clear().env("KUBECONFIG", &self.kubeconfig).env("KUBECACHEDIR", &self.cache).env("KUBERC", "off");
        kubectl.args(["--namespace", &self.namespace]).args(arguments);
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = self.program.file_name().expect("the name of a program").to_string_lossy();
        let words = kubectl.get_args().skip(2).map(|word| word.to_string_lossy());
        let command = std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ");
        let mut child = kubectl.spawn().expect("the program runs");
        let mut pipe = child.stdin.take().expect("standard input is a pipe");
        let output = thread::scope(|scope| {
            // kubectl closes the pipe unread if it refuses its arguments, and its own error message is then the one
            // that counts.
            scope.spawn(move || pipe.write_all(stdin.as_bytes()));
            child.wait_with_output().expect("the program ends")
        });
        Outcome {
            command,
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout).expect("it writes UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("it writes UTF-8"),
        }
    }
}

impl Outcome {
    /// Asserts that the command succeeded.
    #[track_caller]
    pub fn passes(self) -> Self {
        assert!(self.success, "{} fails:\n{}", self.command, self.stderr);
        self
    }

    /// Asserts that the command succeeded without a warning.
    #[track_caller]
    pub fn passes_silently(self) -> Self {
        assert_eq!(self.stderr, "", "{}", self.command);
        self.passes()
    }

    /// Asserts that the command failed.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(!self.success, "{} succeeds:\n{}{}", self.command, self.stdout, self.stderr);
        self
    }

    /// Returns the rule and the field path of each finding in a denial.
    #[track_caller]
    pub fn denials(&self) -> Vec<String> {
        let refusals = self.stderr.lines().filter(|line| !line.starts_with(WARNING));
        refusals.filter_map(finding).collect()
    }

    /// Returns the rule and the field path of each finding in the warnings.
    #[track_caller]
    pub fn warnings(&self) -> Vec<String> {
        self.stderr.lines().filter_map(|line| finding(line.strip_prefix(WARNING)?)).collect()
    }

    /// Returns whether the command succeeded.
    pub fn success(&self) -> bool {
        self.success
    }

    /// Returns standard output as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        let outcome = self.passes();
        serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{} writes no JSON: {error}\n{}", outcome.command, outcome.stdout))
    }
}

/// Returns the rule and the field path of a line such as `* spec.a: what is wrong; what to write (rule)`. A single
/// finding follows `The RayCluster "bad" is invalid: ` on one line.
pub fn finding(line: &str) -> Option<String> {
    let (text, rule) = line.strip_suffix(')')?.rsplit_once(" (")?;
    let rule = rules::find(rule)?.name; // a message of the API server itself may also end in brackets
    let text = text.split_once(" is invalid: ").map_or(text, |(_, text)| text);
    let (path, _) = text.trim_start_matches("* ").split_once(": ")?;
    Some(format!("{rule} {path}"))
}
