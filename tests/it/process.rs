//! `rayguard serve` as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Client, trusting};

/// How long something may take that is to happen soon.
const SOON: Duration = Duration::from_secs(20);

/// The command `rayguard serve`, on ports that the kernel chooses.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rayguard"));
    command.args(["serve", "--admin-listen", "127.0.0.1:0", "--log-format", "json"]);
    if !args.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running server, ended when it is dropped.
pub(crate) struct Rayguard {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    /// What it has written to stdout once it served.
    pub(crate) ca: String,
    pub(crate) webhooks: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Rayguard {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = command(args).spawn().expect("the binary is built");
        let log = Arc::new(Mutex::new(Vec::new()));
        let stderr = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let lines = Arc::clone(&log);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                lines.lock().expect("no panic").push(line);
            }
        });
        let mut started =
            Self { child, log, ca: String::new(), webhooks: ([0; 4], 0).into(), admin: ([0; 4], 0).into() };
        let serving = started.logged("serving");
        let address = |name: &str| serving[name].as_str().expect("an address").parse().expect("an address");
        started.webhooks = address("webhooks");
        started.admin = address("admin");
        if !args.contains(&"--tls-cert") {
            for line in BufReader::new(started.child.stdout.take().expect("stdout is piped")).lines() {
                let line = line.expect("text");
                started.ca.push_str(&line);
                started.ca.push('\n');
                if line.starts_with("-----END") {
                    break;
                }
            }
        }
        started
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.webhooks, &trusting(&self.ca)).expect("a handshake")
    }

    pub(crate) fn ask_admin(&self, path: &str) -> crate::client::Response {
        Client::plain(self.admin).get(path)
    }

    /// The value of one line of the metrics.
    pub(crate) fn metric(&self, name_and_labels: &str) -> f64 {
        let metrics = self.ask_admin("/metrics").body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name_and_labels));
        line.unwrap_or_else(|| panic!("no {name_and_labels} in\n{metrics}")).trim().parse().expect("a number")
    }

    /// All that has been logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no panic").join("\n")
    }

    /// The first line of the log with this message, once it is there.
    pub(crate) fn logged(&mut self, message: &str) -> Value {
        eventually(message, || {
            if let Some(status) = self.child.try_wait().expect("a status") {
                panic!("rayguard ended with {status}:\n{}", self.log());
            }
            let log = self.log.lock().expect("no panic");
            log.iter()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .find(|line| line["message"] == message)
        })
    }

    /// Whether this message was logged, once the process has ended.
    pub(crate) fn logged_before_the_end(&self, message: &str) {
        eventually(message, || self.log().contains(message).then_some(()));
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_some()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the end", || self.child.try_wait().expect("a status"))
    }
}

impl Drop for Rayguard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that is to happen soon.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < SOON, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
