//! Tests of the binary on a terminal, which `script` of util-linux creates.

use std::process::{Command, Stdio};

use super::{DENIED, Shell};

/// Runs a shell line on a terminal of 80 columns. In it `$rayguard` is the binary.
pub(super) fn on_terminal(shell: &Shell, line: &str) -> (Option<i32>, String) {
    let line = format!("stty rows 24 cols 80; {}", line.replace("$rayguard", env!("CARGO_BIN_EXE_rayguard")));
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(shell.path())
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .stdin(Stdio::null())
        .output()
        .expect("script can be run: install util-linux (on Debian the package bsdutils)");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n"))
}

#[test]
fn check_without_a_path_does_not_read_from_a_terminal() {
    let (status, shown) = on_terminal(&Shell::new(), "$rayguard check");
    assert_eq!(status, Some(2), "{shown}");
    assert!(shown.contains("no path given, and the standard input is a terminal"), "{shown}");
}

#[test]
fn a_terminal_gets_colours_unless_they_are_disabled() {
    let shell = Shell::with(&[("denied.yaml", DENIED)]);
    let (status, shown) = on_terminal(&shell, "$rayguard check denied.yaml");
    assert_eq!(status, Some(1));
    assert!(shown.contains("\u{1b}["), "{shown}");
    for line in ["NO_COLOR=1 $rayguard check denied.yaml", "$rayguard check --color never denied.yaml"] {
        assert!(!on_terminal(&shell, line).1.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn excerpts_and_tables_fit_the_terminal_width() {
    let wide = DENIED.replace("\"300\"", &format!("\"300\" # {}", "x".repeat(500)));
    let shell = Shell::with(&[("wide.yaml", &wide)]);
    let (_, shown) = on_terminal(&shell, "NO_COLOR=1 $rayguard check wide.yaml");
    let excerpt: Vec<_> = shown.lines().filter(|line| line.contains(" | ")).collect();
    assert!(excerpt.iter().any(|line| line.contains("value: \"300\"")), "{shown}");
    assert!(excerpt.iter().all(|line| line.chars().count() <= 80), "{shown}");
    let (_, rules) = on_terminal(&shell, "$rayguard rules");
    assert!(rules.lines().all(|line| line.chars().count() <= 80), "{rules}");
    let (_, help) = on_terminal(&shell, "$rayguard check --help");
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}
