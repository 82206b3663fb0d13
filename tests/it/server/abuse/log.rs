//! Logs that cannot be written.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rayguard_test_client::client::{Client, trusting};
use serde_json::Value;
use tempfile::TempDir;

use super::figure;
use crate::server::process::{Rayguard, command};
use crate::server::review::{self, bytes};

/// The number of calls. Their log lines exceed a pipe, 64 KiB, and fit into rayguard's own queue, 1 MiB.
const CALLS: usize = 1000;
const LOST: &str = "rayguard_log_lines_lost_total";

/// rayguard with a pipe for stderr, which the test reads when it wants to.
struct Piped {
    process: Child,
    webhooks: SocketAddr,
    admin: SocketAddr,
    ca: String,
}

impl Piped {
    fn start() -> (Self, BufReader<ChildStderr>) {
        let folder = TempDir::new().expect("a folder");
        let ca = folder.path().join("ca.crt");
        let mut command = command(&["--ca-out", ca.to_str().expect("text"), "--drain-delay", "0s"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let serving = loop {
            let event = line(&mut stderr);
            if event["message"] == "serving" {
                break event;
            }
        };
        let address = |name: &str| serving[name].as_str().expect("an address").parse().expect("an address");
        let ca = fs::read_to_string(ca).expect("written before it serves");
        (Self { process, webhooks: address("webhooks"), admin: address("admin"), ca }, stderr)
    }

    /// Makes calls, each of which is logged, and returns how long the slowest took.
    fn call(&self, calls: usize) -> Duration {
        let mut client = Client::connect(self.webhooks, &trusting(&self.ca)).expect("a handshake");
        let body = bytes(&review::service_create());
        let call = |_| {
            let start = Instant::now();
            assert_eq!(client.post("/mutate", &body).review()["patchType"], "JSONPatch");
            start.elapsed()
        };
        (0..calls).map(call).max().expect("some")
    }

    fn lost(&self) -> u64 {
        let metrics = Client::plain(self.admin).get("/metrics").body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(LOST)).expect("the metric");
        line.trim().parse().expect("a number")
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn line(stderr: &mut impl BufRead) -> Value {
    let mut line = String::new();
    stderr.read_line(&mut line).expect("text");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

#[test]
fn an_unread_log_does_not_block_reviews_and_lost_lines_are_counted() {
    let (rayguard, mut stderr) = Piped::start();
    let slowest = rayguard.call(CALLS);
    assert_eq!(rayguard.lost(), 0, "the queue has room");
    rayguard.call(4 * CALLS);
    let lost = rayguard.lost();
    assert!(lost > 0);
    // Once the pipe is read again, the log has all other lines, and the number of lost lines.
    let mut decided = 0;
    let reported = loop {
        let event = line(&mut stderr);
        match event["message"].as_str() {
            Some("decided") => decided += 1,
            Some("log lines lost because stderr did not accept them") => break event["lines"].as_u64(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reported, Some(lost));
    assert_eq!(decided + lost, 5 * CALLS as u64);
    figure!(
        "stderr that is not read: slowest of {CALLS} calls {slowest:?}; of {} lines, {lost} were lost and counted",
        5 * CALLS
    );
}

#[test]
fn a_log_with_a_closed_reader_does_not_block_reviews() {
    let (rayguard, stderr) = Piped::start();
    drop(stderr);
    let slowest = rayguard.call(CALLS);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(rayguard.lost(), CALLS as u64);
    figure!("stderr with a closed reader: slowest of {CALLS} calls {slowest:?}, {CALLS} lines lost and counted");
}

#[test]
fn a_log_on_a_full_disk_does_not_block_reviews() {
    // A file at its size limit fails as a full disk does.
    let rayguard = Rayguard::by_shell("trap '' XFSZ; ulimit -f 8; exec \"$@\"", &[]);
    let mut client = rayguard.connect();
    let body = bytes(&review::service_create());
    for _ in 0..CALLS {
        assert_eq!(client.post("/mutate", &body).review()["patchType"], "JSONPatch");
    }
    crate::server::process::eventually("the last line", || {
        let logged = rayguard.log().matches("\"decided\"").count() as u64;
        // One line may have been cut off.
        (rayguard.metric(LOST) + logged).abs_diff(CALLS as u64).le(&1).then_some(())
    });
    let lost = rayguard.metric(LOST);
    assert!(lost > CALLS as u64 / 2, "{lost}");
    assert_eq!(rayguard.ask_admin("/readyz").status, 200);
    figure!("a log file that cannot grow: {CALLS} calls answered, {lost} lines lost and counted");
}

#[test]
fn the_last_log_lines_are_written_before_exit() {
    let (mut rayguard, stderr) = Piped::start();
    rayguard.call(1);
    let id = rayguard.process.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill runs").success());
    assert_eq!(rayguard.process.wait().expect("it ends").code(), Some(0));
    let log: Vec<String> = stderr.lines().map(|line| line.expect("text")).collect();
    assert!(log.last().is_some_and(|last| last.contains("\"stopped\"")), "{log:#?}");
}
