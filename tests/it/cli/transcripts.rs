//! Snapshots of whole commands: on a terminal of 80 columns without colours, through a pipe, and in a pipeline.

use std::fmt::Write as _;

use super::terminal::on_terminal;
use super::{DENIED, Shell, allowed, warned};

/// Creates a typical folder.
fn shell() -> Shell {
    let exempt = "metadata:\n  annotations:\n    rayguard.dev/ignore-worker-reconnect-timeout: a demonstration\n";
    Shell::with(&[
        ("deploy/allowed.yaml", &allowed()),
        ("deploy/broken.yaml", "spec: {a: [1, 2 # kind: RayCluster\n"),
        ("deploy/denied.yaml", &format!("kind: Service\n---\n{DENIED}")),
        ("deploy/exempt.yaml", &DENIED.replacen("metadata:\n", exempt, 1)),
        ("deploy/vendor/other.yaml", DENIED),
        ("deploy/warned.yaml", &warned()),
        (".gitignore", "vendor/\n"),
    ])
}

/// Returns the commands as they are typed, with their output.
fn transcript(commands: &[&str], run: impl Fn(&Shell, &str) -> (Option<i32>, String)) -> String {
    let mut transcript = String::new();
    let shell = shell();
    for command in commands {
        let (status, printed) = run(&shell, command);
        let status = status.map_or_else(|| "a signal".to_owned(), |status| status.to_string());
        writeln!(transcript, "$ {command}\n{printed}[exit status {status}]\n").expect("a text");
    }
    transcript
}

/// Returns both streams of a command through one pipe.
fn piped(shell: &Shell, command: &str) -> (Option<i32>, String) {
    let output = shell.bash(&format!("{{ {command}; }} 2>&1")).output().expect("bash starts");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn output_on_a_terminal_of_80_columns_matches_the_snapshot() {
    let commands = [
        "rayguard check deploy",
        "rayguard check --fix --diff deploy/denied.yaml",
        "rayguard check --fix deploy/denied.yaml",
        "rayguard check deploy/denied.yaml",
        "rayguard check nothing.yaml",
        "rayguard explain worker-reconect-timeout",
        "rayguard explain 'Failed to pull image \"rayproject/ray:9.9.9\": rpc error: code = NotFound desc = not found'",
    ];
    let transcript = transcript(&commands, |shell, command| {
        on_terminal(shell, &command.replacen("rayguard", "NO_COLOR=1 $rayguard", 1))
    });
    let wide = |line: &&str| line.chars().count() > 80;
    // A message is one line of any length, so that it can be searched. Excerpts and tables fit the width.
    let laid_out = transcript.lines().filter(|line| line.contains(" | ")).filter(wide);
    assert_eq!(laid_out.collect::<Vec<_>>(), [""; 0]);
    insta::assert_snapshot!("transcript_terminal", transcript);
}

#[test]
fn output_through_a_pipe_matches_the_snapshot() {
    let commands = [
        "rayguard check deploy | tail -2",
        "helm() { printf '%s\\n' --- '# Source: ray/templates/cluster.yaml'; cat deploy/denied.yaml; }; helm | rayguard check -",
        "rayguard check --output github --quiet --fail-on warning deploy",
        "rayguard check --require-ray --exclude '*.yaml' deploy",
        "rayguard check --output tap deploy 2>/dev/null | grep '^[no]'",
    ];
    insta::assert_snapshot!("transcript_piped", transcript(&commands, piped));
}
