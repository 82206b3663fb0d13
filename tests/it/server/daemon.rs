//! Programs that run beside the tests and never outlive them.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::server::process::pause_after;

/// A static is never dropped and Ctrl-C drops nothing, but however a process ends, the kernel closes its pipes. So
/// each program runs under a shell that passes on the signals that it reads from such a pipe, and when the pipe ends,
/// ends the program and removes its folder, unless a test that used it has failed. When the program ends by itself, so
/// does the shell, and with the same status.
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

/// How long a program may take to get ready: much more than it needs, for machines may be busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running program, with a folder for its files.
pub(crate) struct Daemon {
    folder: PathBuf,
    supervisor: Mutex<Child>,
}

impl Daemon {
    /// A new folder for the program's files. It lies where a path is short, for etcd listens on a socket in it.
    pub(crate) fn folder(name: &str) -> PathBuf {
        let folder = tempfile::Builder::new().prefix(&format!("rayguard-{name}.")).tempdir().expect("a folder");
        folder.keep()
    }

    /// Starts a program, whose standard output goes to the file `output` of the folder, and standard error to `log`.
    pub(crate) fn start(folder: PathBuf, program: &Path, arguments: &[String]) -> Self {
        let mut supervisor = Command::new("sh");
        supervisor.args(["-c", SUPERVISOR, "sh"]).arg(&folder).arg(program).args(arguments);
        // A process group of its own, so that Ctrl-C does not reach the shell before it has done its work.
        supervisor.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let supervisor = Mutex::new(supervisor.spawn().expect("sh runs"));
        Self { folder, supervisor }
    }

    /// A file in the program's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the program has written to standard output.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.file("output")).unwrap_or_default()
    }

    /// What the program has written to standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// Keeps the program's files, for a test has failed; gives the path of its log.
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

    /// The program's number.
    pub(crate) fn id(&self) -> u32 {
        let supervisor = self.supervisor().id();
        let children = fs::read_to_string(format!("/proc/{supervisor}/task/{supervisor}/children"));
        // The other one is a part of the supervisor, and begun later.
        let children = children.expect("the supervisor runs");
        children.split(' ').next().and_then(|child| child.parse().ok()).expect("the program runs")
    }

    /// Waits for the program to end by itself.
    pub(crate) fn wait(&self) -> ExitStatus {
        self.until("the program ends", || self.supervisor().try_wait().expect("a child of ours"))
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.supervisor().try_wait().expect("a child of ours").is_some()
    }

    /// Waits until `probe` gives something; panics with the program's last words when it ends before, or takes too long.
    pub(crate) fn until<T>(&self, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            let (ended, looking) = (self.has_ended(), Instant::now());
            if let Some(value) = probe() {
                return value;
            }
            assert!(!ended && start.elapsed() < PATIENCE, "{what}: {}", self.last_words(ended));
            pause_after(looking.elapsed());
        }
    }

    fn last_words(&self, ended: bool) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        let fate = if ended { "ended" } else { "takes too long" };
        format!("the program {fate}; its whole log is {}, the last lines are\n{tail}", self.keep().display())
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
fn a_program_ends_when_the_process_that_started_it_is_gone() {
    let folder = Daemon::folder("sleep");
    // The shell tells its own number, and becomes the program that would not end by itself.
    let program = Daemon::start(folder.clone(), Path::new("sh"), &["-c", "echo $$; exec sleep 1000"].map(String::from));
    let id = program.until("sleep runs", || program.output().strip_suffix('\n').map(String::from));
    let is_alive = || Command::new("kill").args(["-0", &id]).stderr(Stdio::null()).status().expect("kill").success();
    assert!(is_alive());

    // What the kernel does when the test process ends, in whatever way.
    drop(program.supervisor().stdin.take());
    program.until("the supervisor has ended", || program.has_ended().then_some(()));
    assert!(!is_alive());
    assert!(!folder.exists());
}

#[test]
fn a_program_that_ends_by_itself_is_noticed_and_its_log_kept() {
    let folder = Daemon::folder("failure");
    let program = Daemon::start(folder.clone(), Path::new("sh"), &["-c", "echo no port >&2"].map(String::from));
    program.until("the supervisor has ended", || program.has_ended().then_some(()));
    assert_eq!(program.log(), "no port\n");
    drop(program);
    assert!(!folder.exists());
}
