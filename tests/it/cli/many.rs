//! Tests with more files than there are cores, and more than should be in memory at once.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::thread;

use super::{DENIED, Shell, allowed, locations};

/// Creates a folder with this many files, `f00000.yaml` and so on. `text` returns the content of a file by its number.
fn folder(count: usize, text: impl Fn(usize) -> String) -> Shell {
    let shell = Shell::new();
    for number in 0..count {
        shell.write(&format!("many/f{number:05}.yaml"), text(number).as_bytes());
    }
    shell
}

/// Returns the denied cluster with this many bad worker groups.
fn denied_with(groups: usize) -> String {
    let (head, group) = DENIED.split_at(DENIED.find("  - groupName: small").expect("it is there"));
    let mut text = head.to_owned();
    for number in 0..groups {
        text += &group.replace("small", &format!("group-{number}"));
    }
    text
}

#[test]
fn files_are_reported_in_order_of_their_names() {
    // The files have different sizes, so that a later one often ends first. One cannot be read, and one has no
    // findings.
    let shell = folder(300, |number| match number {
        150 => "kind: RayCluster\nkind: [\n".to_owned(),
        200 => allowed(),
        _ => denied_with(1 + number * 7919 % 13),
    });
    let mut expected = Vec::new();
    for number in (0..300).filter(|number| ![150, 200].contains(number)) {
        for group in 0..=number * 7919 % 13 {
            let line = 29 + group * 9;
            expected.push(format!("many/f{number:05}.yaml:{line}:20 worker-reconnect-timeout"));
        }
    }
    let report = shell.json(&["many"]);
    assert_eq!(locations(&report), expected);
    assert_eq!(report["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["errors"][0]["file"], "many/f00150.yaml");
    assert_eq!(report["summary"]["files"], 300);
    assert_eq!(report["summary"]["errors"], expected.len());

    let text = shell.run(&["check", "many"]);
    let shown = text.out.lines().filter_map(|line| line.trim_start().strip_prefix("--> "));
    let expected: Vec<_> =
        expected.iter().filter_map(|location| location.strip_suffix(" worker-reconnect-timeout")).collect();
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    assert_eq!(text.status, Some(2), "one file could not be read");
    assert!(text.err.contains("--> many/f00150.yaml:2:7"), "{}", text.err);
    assert_eq!(text.out, shell.run(&["check", "many"]).out, "the report is deterministic");
}

#[test]
fn several_paths_keep_their_order() {
    let shell = folder(40, |_| DENIED.to_owned());
    shell.write("first.yaml", DENIED.as_bytes());
    let ended = shell
        .pipe(&["check", "-o", "json", "first.yaml", "many", "-", "missing.yaml", "first.yaml"], DENIED.as_bytes());
    let report = serde_json::from_str(&ended.out).expect("JSON");
    let files: Vec<_> =
        locations(&report).into_iter().map(|location| location.split(':').next().map(str::to_owned)).collect();
    let many = (0..40).map(|number| format!("many/f{number:05}.yaml"));
    let expected =
        ["first.yaml".to_owned()].into_iter().chain(many).chain(["<stdin>", "first.yaml"].map(str::to_owned));
    assert_eq!(files, expected.map(Some).collect::<Vec<_>>());
}

/// Returns the peak memory of `check` on a folder, in KiB. The last file cannot be read: once its error is printed, all
/// other files have been reported, and the process waits for the standard input.
fn peak_memory(files: usize, output: &str) -> u64 {
    let shell = folder(files, |_| denied_with(20));
    shell.write("many/last.yaml", b"kind: RayCluster\nkind: [\n");
    let mut command = shell.command(&["check", "--output", output, "many", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("UTF-8");
        text.matches("worker-reconnect-timeout").count()
    });
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut printed = String::new();
    while !printed.contains("last.yaml") {
        assert_ne!(stderr.read_line(&mut printed).expect("UTF-8"), 0, "it ended too early: {printed}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it waits");
    drop(child.stdin.take());
    stderr.read_to_string(&mut printed).expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(2), "{printed}");
    assert_eq!(reader.join().expect("the output was read"), 20 * files);
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux reports the peak");
    peak.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn memory_does_not_grow_with_the_number_of_files() {
    let mut printed = String::new();
    for output in ["text", "json"] {
        let (few, many) = (peak_memory(100, output), peak_memory(1000, output));
        let _ = writeln!(printed, "{output}: {few} KiB for 100 files, {many} KiB for 1000");
        assert!(many < few + few / 2, "{printed}");
    }
}
