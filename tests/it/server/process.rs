//! `rayguard serve` as a separate process.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rayguard_test_client::client::{Client, Response, trusting};
use serde_json::Value;

use crate::server::daemon::Daemon;

/// The time limit of [`eventually`].
const TIME_LIMIT: Duration = Duration::from_secs(20);

pub(crate) const RAYGUARD: &str = env!("CARGO_BIN_EXE_rayguard");

/// Returns the command `rayguard serve`, on ports that the kernel chooses.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(RAYGUARD);
    command.args(serve(args));
    command
}

fn serve(args: &[&str]) -> Vec<String> {
    let mut all = vec!["serve", "--admin-listen", "127.0.0.1:0", "--log-format", "json"];
    if !args.contains(&"--listen") {
        all.extend(["--listen", "127.0.0.1:0"]);
    }
    all.extend(args);
    all.into_iter().map(String::from).collect()
}

/// A running server, which is stopped when it is dropped.
pub(crate) struct Rayguard {
    daemon: Daemon,
    /// The CA that it wrote to stdout before it served.
    pub(crate) ca: String,
    pub(crate) webhooks: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Rayguard {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::serving(Daemon::start(Daemon::folder("serve"), Path::new(RAYGUARD), &serve(args)))
    }

    /// Starts rayguard with a kubeconfig.
    pub(crate) fn with_kubeconfig(kubeconfig: &str, args: &[&str]) -> Self {
        Self::with_environment(&[], kubeconfig, args)
    }

    /// Starts rayguard with a kubeconfig and these environment variables.
    pub(crate) fn with_environment(environment: &[String], kubeconfig: &str, args: &[&str]) -> Self {
        let folder = Daemon::folder("serve");
        let file = folder.join("kubeconfig");
        fs::write(&file, kubeconfig).expect("a file");
        // `env` replaces itself with the program that it starts.
        let mut command = environment.to_vec();
        command.extend([format!("KUBECONFIG={}", file.display()), RAYGUARD.to_owned()]);
        command.extend(serve(args));
        Self::serving(Daemon::start(folder, Path::new("env"), &command))
    }

    /// Starts rayguard by a shell line, in which `"$@"` is rayguard.
    pub(crate) fn by_shell(line: &str, args: &[&str]) -> Self {
        let mut command = ["-c", line, "sh", RAYGUARD].map(String::from).to_vec();
        command.extend(serve(args));
        Self::serving(Daemon::start(Daemon::folder("serve"), Path::new("sh"), &command))
    }

    /// Starts rayguard with a policy in YAML without its `apiVersion` and `kind`. An empty text is the default policy.
    pub(crate) fn with_policy(policy: &str) -> Self {
        let folder = Daemon::folder("serve");
        let file = folder.join("policy.yaml");
        fs::write(&file, format!("apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n{policy}")).expect("a file");
        let args = serve(&["--config", &file.display().to_string()]);
        Self::serving(Daemon::start(folder, Path::new(RAYGUARD), &args))
    }

    /// Returns the path of the policy file of [`Rayguard::with_policy`].
    pub(crate) fn policy(&self) -> PathBuf {
        self.daemon.file("policy.yaml")
    }

    fn serving(daemon: Daemon) -> Self {
        let serving = daemon.until("rayguard serves", || event(&daemon.log(), "serving"));
        let address = |name: &str| serving[name].as_str().expect("an address").parse().expect("an address");
        // It writes its CA, if it has generated one, before it serves.
        Self { ca: daemon.output(), webhooks: address("webhooks"), admin: address("admin"), daemon }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.webhooks, &trusting(&self.ca)).expect("a handshake")
    }

    pub(crate) fn ask_admin(&self, path: &str) -> Response {
        Client::plain(self.admin).get(path)
    }

    /// Returns the value of one line of the metrics.
    pub(crate) fn metric(&self, name_and_labels: &str) -> u64 {
        let metrics = self.ask_admin("/metrics").body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name_and_labels));
        line.unwrap_or_else(|| panic!("no {name_and_labels} in\n{metrics}")).trim().parse().expect("a number")
    }

    /// Returns the whole log.
    pub(crate) fn log(&self) -> String {
        self.daemon.log()
    }

    /// Returns the first log line with this message, once it exists.
    pub(crate) fn logged(&self, message: &str) -> Value {
        self.daemon.until(message, || event(&self.log(), message))
    }

    /// Returns the process ID.
    pub(crate) fn id(&self) -> u32 {
        self.daemon.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        self.daemon.signal(name);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.daemon.has_ended()
    }

    pub(crate) fn wait(&self) -> ExitStatus {
        self.daemon.wait()
    }
}

/// Returns the first event of a log with this message.
fn event(log: &str, message: &str) -> Option<Value> {
    let mut events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.find(|event| event["message"] == message)
}

/// Polls until `look` returns a value, and panics after [`TIME_LIMIT`].
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        let looking = Instant::now();
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < TIME_LIMIT, "timed out waiting for {what}");
        pause_after(looking.elapsed());
    }
}

/// Pauses between two polls, for longer if a poll takes long: kubectl, run without a pause, takes a core away from the
/// process that the test waits for.
pub(crate) fn pause_after(look: Duration) {
    thread::sleep((2 * look).clamp(Duration::from_millis(10), Duration::from_millis(500)));
}
