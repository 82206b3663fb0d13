//! kubectl, as users run it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use rayguard_policy::rules;
use serde_json::Value;

/// How kubectl begins the line of a warning.
const WARNING: &str = "Warning: ";

/// How to run kubectl, or Helm, against an API server.
pub struct Kubectl {
    pub program: PathBuf,
    pub kubeconfig: PathBuf,
    pub cache: PathBuf,
    pub namespace: String,
}

/// What came of one command.
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
    /// Runs kubectl with these words as arguments, split at blanks.
    pub fn run(&self, arguments: &str) -> Outcome {
        self.run_with(arguments.split(' '), "")
    }

    /// Runs kubectl with a manifest on standard input, which the arguments call `-f -`.
    pub fn send(&self, arguments: &str, manifest: &str) -> Outcome {
        self.run_with(arguments.split(' '), manifest)
    }

    /// Runs kubectl with arguments that may have blanks.
    pub fn run_with<'a>(&self, arguments: impl IntoIterator<Item = &'a str>, stdin: &str) -> Outcome {
        let mut kubectl = Command::new(&self.program);
        // Nothing of the user who runs the tests comes in: no kubeconfig, no preferences, no cache.
        kubectl.env_clear().env("KUBECONFIG", &self.kubeconfig).env("KUBECACHEDIR", &self.cache).env("KUBERC", "off");
        kubectl.args(["--namespace", &self.namespace]).args(arguments);
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = self.program.file_name().expect("the name of a program").to_string_lossy();
        let words = kubectl.get_args().skip(2).map(|word| word.to_string_lossy());
        let command = std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ");
        let mut child = kubectl.spawn().expect("the program runs");
        let mut pipe = child.stdin.take().expect("standard input is a pipe");
        let output = thread::scope(|scope| {
            // A kubectl that refuses its arguments closes the pipe unread; what it then says is what counts.
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
    /// The command must have worked.
    #[track_caller]
    pub fn passes(self) -> Self {
        assert!(self.success, "{} fails:\n{}", self.command, self.stderr);
        self
    }

    /// The command must have worked, and without a warning.
    #[track_caller]
    pub fn passes_silently(self) -> Self {
        assert_eq!(self.stderr, "", "{}", self.command);
        self.passes()
    }

    /// The command must have failed.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(!self.success, "{} works:\n{}{}", self.command, self.stdout, self.stderr);
        self
    }

    /// What kubectl shows of a denial: each finding's rule and place.
    #[track_caller]
    pub fn denials(&self) -> Vec<String> {
        let refusals = self.stderr.lines().filter(|line| !line.starts_with(WARNING));
        refusals.filter_map(finding).collect()
    }

    /// What kubectl shows of warnings: each finding's rule and place.
    #[track_caller]
    pub fn warnings(&self) -> Vec<String> {
        self.stderr.lines().filter_map(|line| finding(line.strip_prefix(WARNING)?)).collect()
    }

    /// Whether the command worked.
    pub fn success(&self) -> bool {
        self.success
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        let outcome = self.passes();
        serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{} writes no JSON: {error}\n{}", outcome.command, outcome.stdout))
    }
}

/// Rule and place of a line such as `* spec.a: what is wrong; what to write (rule)`. Of a single finding, kubectl writes
/// it behind `The RayCluster "bad" is invalid: `.
pub fn finding(line: &str) -> Option<String> {
    let (text, rule) = line.strip_suffix(')')?.rsplit_once(" (")?;
    let rule = rules::find(rule)?.name; // what the API server itself says may end in brackets, too
    let text = text.split_once(" is invalid: ").map_or(text, |(_, text)| text);
    let (place, _) = text.trim_start_matches("* ").split_once(": ")?;
    Some(format!("{rule} {place}"))
}
