//! Tests of completions and manual pages with the programs that read them.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use rayguard_test_support::packages;

use super::Shell;

/// Returns the commands that `--help` lists.
fn commands(shell: &Shell) -> BTreeSet<String> {
    let help = shell.run(&["--help"]).out;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Two spaces precede each name; a continuation line has more.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Returns what bash offers for the last of these words.
fn completed(shell: &Shell, words: &[&str]) -> BTreeSet<String> {
    shell.write("rayguard.bash", shell.run(&["completions", "bash"]).out.as_bytes());
    // As bash does: it calls the function that `complete` names, with the words in variables.
    let script = r#"
        source rayguard.bash
        completion=($(complete -p rayguard))
        for index in "${!completion[@]}"; do
            [ "${completion[index]}" != -F ] || function=${completion[index + 1]}
        done
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        "$function" rayguard "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-c", script, "bash", "rayguard"]).args(words).current_dir(shell.path());
    let output = bash.output().expect("bash runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let shell = Shell::new();
    assert_eq!(completed(&shell, &["expl"]), set(&["explain"]));
    let all = completed(&shell, &[""]);
    assert!(commands(&shell).is_subset(&all), "{all:?}");
    assert_eq!(completed(&shell, &["check", "--fail"]), set(&["--fail-on"]));
    assert_eq!(completed(&shell, &["check", "--fail-on", ""]), set(&["error", "warning", "never"]));
    assert_eq!(completed(&shell, &["check", "--color", "al"]), set(&["always"]));
    assert_eq!(completed(&shell, &["nonsense"]), set(&[]));
}

#[test]
fn the_completion_script_of_every_shell_has_every_command() {
    let shell = Shell::new();
    for name in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = shell.run(&["completions", name]);
        assert_eq!((ended.status, &*ended.err), (Some(0), ""), "{name}");
        for command in commands(&shell) {
            assert!(ended.out.contains(&*command), "{name} lacks {command}");
        }
    }
    assert_eq!(shell.run(&["completions", "csh"]).status, Some(2));
}

/// Returns a page as `man` renders it without warnings.
fn rendered(shell: &Shell, page: &str) -> String {
    packages::require();
    let output = Command::new("man")
        .args(["--warnings", "--local-file", page])
        .current_dir(shell.path())
        .env("MANWIDTH", "80")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("man runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{page}: {output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // Bold text overprints each character.
    let mut plain = String::new();
    for character in text.chars() {
        match character {
            '\u{8}' => _ = plain.pop(),
            character => plain.push(character),
        }
    }
    plain
}

#[test]
fn every_command_has_a_manual_page_that_man_renders() {
    let shell = Shell::new();
    let ended = shell.run(&["man", "--dir", "share/man1"]);
    assert_eq!((ended.status, &*ended.out, &*ended.err), (Some(0), "", ""));
    let files = fs::read_dir(shell.path().join("share/man1")).expect("the folder was made");
    let files: BTreeSet<_> =
        files.map(|file| file.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    let mut expected = set(&["rayguard.1"]);
    expected.extend(commands(&shell).iter().filter(|name| *name != "help").map(|name| format!("rayguard-{name}.1")));
    assert_eq!(files, expected);
    for file in &files {
        let page = rendered(&shell, &format!("share/man1/{file}"));
        assert!(page.contains("\nNAME\n") && page.contains("\nOPTIONS\n"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    }
    let check = rendered(&shell, "share/man1/rayguard-check.1");
    assert!(check.contains("--fail-on") && check.contains("rayguard check"), "{check}");
    let own = shell.run(&["man"]).out;
    assert_eq!(own, fs::read_to_string(shell.path().join("share/man1/rayguard.1")).expect("a page"));
    assert!(rendered(&shell, "share/man1/rayguard.1").contains("Exit status"), "with the text at the end of `--help`");
}

#[test]
fn manual_pages_that_cannot_be_written_are_an_error() {
    let shell = Shell::with(&[("file", "")]);
    let ended = shell.run(&["man", "--dir", "file/man1"]);
    assert_eq!(ended.status, Some(2));
    assert!(ended.err.contains("cannot write into file/man1: "), "{}", ended.err);
}
