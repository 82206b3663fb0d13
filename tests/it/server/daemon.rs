//! Programs that run during the tests and never outlive them.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::server::process::pause_after;

/// A static is never dropped, and Ctrl-C drops nothing, but the kernel closes the pipes of a process however it ends.
/// So each program runs under a shell that reads such a pipe and forwards the signals that it reads. When the pipe
/// ends, the shell kills the program and removes its folder, unless a test that used it has failed. When the program
/// ends by itself, the shell ends with the same status.
const SUPERVISOR: &str = r#"
folder=$1
shift
exec 3<&0
"$@" >"$folder/output" 2>"$folder/log" </dev/null 3<&- &
program=$!
{
  while read -r signal; do kill -s "$signal" $program; done
  : >"$folder/over"
  kill -s KILL $program
} <&3 &
watch=$!
exec 3<&-
wait $program
status=$?
kill $watch
rm -rf "$folder/data"
if [ -e "$folder/over" ] && [ ! -e "$folder/failed" ]; then rm -rf "$folder"; fi
exit $status
"#;

/// How long a program may take in [`Daemon::until`]. It is generous, because machines may be busy.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// A running program with a folder for its files.
pub(crate) struct Daemon {
    folder: PathBuf,
    supervisor: Mutex<Child>,
}

impl Daemon {
    /// Creates a folder for the program's files. Its path is short, because etcd listens on a socket in it.
    pub(crate) fn folder(name: &str) -> PathBuf {
        let folder = tempfile::Builder::new().prefix(&format!("rayguard-{name}.")).tempdir().expect("a folder");
        folder.keep()
    }

    /// Starts a program. Its standard output goes to the file `output` of the folder, and its standard error to `log`.
    pub(crate) fn start(folder: PathBuf, program: &Path, arguments: &[String]) -> Self {
        let mut supervisor = Command::new("sh");
        supervisor.args(["-c", SUPERVISOR, "sh"]).arg(&folder).arg(program).args(arguments);
        // A separate process group, so that Ctrl-C does not reach the shell before it has cleaned up.
        supervisor.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let supervisor = Mutex::new(supervisor.spawn().expect("sh runs"));
        Self { folder, supervisor }
    }

    /// Returns the path of a file in the program's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns what the program has written to standard output.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.file("output")).unwrap_or_default()
    }

    /// Returns what the program has written to standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// Keeps the program's files, because a test has failed, and returns the path of its log.
    pub(crate) fn keep(&self) -> PathBuf {
        fs::write(self.file("failed"), "").expect("the program's folder is there");
        self.file("log")
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let mut supervisor = self.supervisor();
        let signals = supervisor.stdin.as_mut().expect("the supervisor's standard input is a pipe");
        writeln!(signals, "{signal}").expect("the program runs");
    }

    /// Returns the program's process ID.
    pub(crate) fn id(&self) -> u32 {
        let supervisor = self.supervisor().id();
        let children = fs::read_to_string(format!("/proc/{supervisor}/task/{supervisor}/children"));
        // The second child is part of the supervisor, and was started later.
        let children = children.expect("the supervisor runs");
        children.split(' ').next().and_then(|child| child.parse().ok()).expect("the program runs")
    }

    /// Waits for the program to end by itself.
    pub(crate) fn wait(&self) -> ExitStatus {
        self.until("the program ends", || self.supervisor().try_wait().expect("a child of ours"))
    }

    /// Returns whether the program has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.supervisor().try_wait().expect("a child of ours").is_some()
    }

    /// Waits until `probe` returns a value. Panics with the end of the program's log if the program ends first or takes
    /// too long.
    pub(crate) fn until<T>(&self, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            let (ended, looking) = (self.has_ended(), Instant::now());
            if let Some(value) = probe() {
                return value;
            }
            assert!(!ended && start.elapsed() < TIME_LIMIT, "{what}: {}", self.failure_report(ended));
            pause_after(looking.elapsed());
        }
    }

    fn failure_report(&self, ended: bool) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        let state = if ended { "ended" } else { "has not become ready in time" };
        format!("the program {state}; its whole log is {}, the last lines are\n{tail}", self.keep().display())
    }

    fn supervisor(&self) -> MutexGuard<'_, Child> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.keep();
            #[expect(clippy::print_stderr, reason = "the test runner shows it under the test that failed")]
            {
                eprintln!("log of a program of this test: {}", log.display());
            }
        }
        let supervisor = self.supervisor.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(supervisor.stdin.take());
        supervisor.wait().expect("a child of ours");
        // A program that ended by itself leaves its folder, so that its log can still be read.
        if !self.folder.join("failed").exists() && self.folder.exists() {
            fs::remove_dir_all(&self.folder).expect("the folder is ours");
        }
    }
}

#[test]
fn a_daemon_ends_with_the_process_that_started_it() {
    let folder = Daemon::folder("sleep");
    // The shell prints its process ID, and becomes a program that does not end by itself.
    let program = Daemon::start(folder.clone(), Path::new("sh"), &["-c", "echo $$; exec sleep 1000"].map(String::from));
    let id = program.until("sleep runs", || program.output().strip_suffix('\n').map(String::from));
    let is_alive = || Command::new("kill").args(["-0", &id]).stderr(Stdio::null()).status().expect("kill").success();
    assert!(is_alive());

    // The kernel does this when the test process ends in any way.
    drop(program.supervisor().stdin.take());
    program.until("the supervisor has ended", || program.has_ended().then_some(()));
    assert!(!is_alive());
    assert!(!folder.exists());
}

#[test]
fn the_log_of_a_daemon_that_ended_by_itself_can_be_read() {
    let folder = Daemon::folder("failure");
    let program = Daemon::start(folder.clone(), Path::new("sh"), &["-c", "echo no port >&2"].map(String::from));
    program.until("the supervisor has ended", || program.has_ended().then_some(()));
    assert_eq!(program.log(), "no port\n");
    drop(program);
    assert!(!folder.exists());
}
