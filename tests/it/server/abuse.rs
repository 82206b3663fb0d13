//! Malicious or faulty clients. Each test prints what they cost; docs/reliability.md has the figures.

mod http;
mod leaving;
mod log;
mod memory;
mod reviews;
mod slow;
mod tls;

use std::fmt::Arguments;
use std::fs;
use std::time::{Duration, Instant};

use rayguard_test_client::client::Client;

use crate::server::process::Rayguard;
use crate::server::review::{self, bytes};

/// Prints a figure for docs/reliability.md. The test runner shows it with `--nocapture`.
macro_rules! figure {
    ($($words:tt)*) => {
        crate::server::abuse::print(format_args!($($words)*))
    };
}
pub(crate) use figure;

#[expect(clippy::print_stderr, reason = "the figure is for docs/reliability.md")]
pub(crate) fn print(figure: Arguments<'_>) {
    eprintln!("figure: {figure}");
}

/// Sends a good request over an open connection, and returns how long it took.
fn ask(client: &mut Client) -> Duration {
    let start = Instant::now();
    assert_eq!(client.post("/validate", &bytes(&review::service_create())).review()["allowed"], true);
    start.elapsed()
}

/// Sends a good request over a new connection, and returns how long it took.
fn connect_and_ask(rayguard: &Rayguard) -> Duration {
    let start = Instant::now();
    ask(&mut rayguard.connect());
    start.elapsed()
}

/// Returns a number from `/proc/PID/status`, by the name of its line, such as `VmHWM`.
fn status(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.and_then(|value| value.split_whitespace().next()).and_then(|value| value.parse().ok()).expect("a number")
}

/// Returns how many file descriptors a process has open.
fn open_files(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).expect("it runs").count()
}
